# A Debian package: `./dev package`, or cpack after a build with the preset "package". What is not
# for running (archive, headers, pkg-config) stays out of it; manual pages and changelogs go in as
# Debian wants them, compressed and without a date of their own.
find_program(GZIP_PROGRAM gzip)
find_program(DPKG_PROGRAM dpkg)
if(NOT GZIP_PROGRAM OR NOT DPKG_PROGRAM)
  return()
endif()

set(PGSKEW_MAINTAINER "The pgskew authors <pgskew@example.org>" CACHE STRING "Who made the Debian package")
set(DEBIAN ${PROJECT_BINARY_DIR}/debian)
set(DEBIAN_SOURCE ${PROJECT_SOURCE_DIR}/src/dist/debian)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)

# ---- what is written from other files ----
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license) # a title, who holds the rights, and the text
string(REGEX MATCH "Copyright [(]c[)] ([^\n]*)\n+(.*[^\n])\n*$" license "${license}")
set(PGSKEW_COPYRIGHT "${CMAKE_MATCH_1}")
string(REPLACE "\n\n" "\n.\n" PGSKEW_LICENSE "${CMAKE_MATCH_2}")
string(REPLACE "\n" "\n " PGSKEW_LICENSE "${PGSKEW_LICENSE}")
configure_file(${DEBIAN_SOURCE}/copyright.in ${DEBIAN}/copyright @ONLY)
configure_file(${DEBIAN_SOURCE}/changelog.in ${DEBIAN}/changelog @ONLY)
configure_file(${DEBIAN_SOURCE}/postinst.in ${DEBIAN}/postinst @ONLY)
configure_file(${DEBIAN_SOURCE}/postinst.in ${DEBIAN}/postrm @ONLY)
file(CHMOD ${DEBIAN}/postinst ${DEBIAN}/postrm PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
  GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# ---- compressed ----
function(pgskew_gzip from to destination)
  add_custom_command(OUTPUT ${DEBIAN}/${to} COMMAND ${GZIP_PROGRAM} -9nc ${from} > ${DEBIAN}/${to}
    DEPENDS ${from} COMMENT "Compressing ${to}" VERBATIM)
  set_property(GLOBAL APPEND PROPERTY PGSKEW_COMPRESSED ${DEBIAN}/${to})
  install(FILES ${DEBIAN}/${to} DESTINATION ${destination} COMPONENT debian EXCLUDE_FROM_ALL)
endfunction()
set(DOC ${CMAKE_INSTALL_DATADIR}/doc/pgskew)
pgskew_gzip(${DEBIAN}/changelog changelog.Debian.gz ${DOC})
pgskew_gzip(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog.gz ${DOC})
pgskew_gzip(${PROJECT_BINARY_DIR}/pgskew.1 pgskew.1.gz ${CMAKE_INSTALL_MANDIR}/man1)
if(PGSKEW_COLLECT)
  pgskew_gzip(${PROJECT_BINARY_DIR}/pgskew-collect.1 pgskew-collect.1.gz ${CMAKE_INSTALL_MANDIR}/man1)
endif()
get_property(compressed GLOBAL PROPERTY PGSKEW_COMPRESSED)
add_custom_target(pgskew_debian ALL DEPENDS ${compressed})
install(FILES ${DEBIAN}/copyright ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${DOC}
  COMPONENT debian EXCLUDE_FROM_ALL)

# ---- the package ----
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgskew)
set(CPACK_PACKAGE_CONTACT "${PGSKEW_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "partition balance of PostgreSQL tables, from snapshot files")
set(CPACK_PACKAGE_DESCRIPTION
"Tells whether the partitions of a PostgreSQL table are out of balance, why,
and when it will hurt. pgskew-collect reads a server once, gently, or its CSV
exports, and writes a snapshot file; pgskew answers every question from such
files, without a server.")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql-client, sqlite3, prometheus-node-exporter")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${DEBIAN}/postinst ${DEBIAN}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENTS_ALL Unspecified debian)
include(CPack)
