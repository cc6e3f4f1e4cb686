# Turn every file in FILES into a C string named after it, in OUT/embedded_sql.{h,c}:
# schemas/snapshot_001.sql becomes pgs_sql_snapshot_001.
set(header "/* Generated from schemas/ by embed.cmake. */\n")
set(source "#include \"embedded_sql.h\"\n")
foreach(path IN LISTS FILES)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND header "extern const char pgs_sql_${name}[];\n")
  string(APPEND source "const char pgs_sql_${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE "${OUT}/embedded_sql.h" "${header}")
file(WRITE "${OUT}/embedded_sql.c" "${source}")
