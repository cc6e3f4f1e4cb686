# The layer check: who may include whom, which foreign header lives where, how long a file may be,
# and that no file knows the machine it was written on.
#
#   cmake -DROOT=DIR -P check_layers.cmake
#
# Includes go down, never sideways, never up. A room is a directory of src/ or the room that
# implements a public header. It prints every offence and then fails.
cmake_minimum_required(VERSION 3.25)

# ---- the plan of the house ----

set(LEVEL_base 0)
set(LEVEL_data 1)
set(LEVEL_kernel 1)
set(LEVEL_stats 2)
set(LEVEL_model 2)
set(LEVEL_health 2)
set(LEVEL_source 3)
set(LEVEL_store 3)
set(LEVEL_pipeline 3)
set(LEVEL_report 3)
set(LEVEL_cli 4)

# The room that keeps the promise of include/pgskew/<name>.h
set(KEEPER_err base)
set(KEEPER_metric data)
set(KEEPER_snapshot data)
set(KEEPER_series data)
set(KEEPER_frame data)
set(KEEPER_result data)
set(KEEPER_overview data)
set(KEEPER_source source)
set(KEEPER_store store)
set(KEEPER_history store)
set(KEEPER_analyze pipeline)
set(KEEPER_simd kernel)
set(KEEPER_scan data)
set(KEEPER_clean data)
set(KEEPER_trend data)
set(KEEPER_forecast data)
set(KEEPER_diff data)
set(KEEPER_check data)
set(KEEPER_report report)

# Rooms of L3 think in shapes (L1), not in models: only the pipeline and the programs see L2.
set(SEES_L2 pipeline cli)
# Kernels have no domain words, so few may call them.
set(CALLS_KERNEL "^src/(kernel|stats|model|pipeline|cli)/|^src/store/block\\.c$")

# foreign header = the files that may include it
set(FENCES
  "(libpq-fe|libpq/.*|postgres_ext|pg_config.*)\\.h = ^src/source/postgres[^/]*$"
  "csv\\.h = ^src/source/csv[^/]*$"
  "sqlite3(ext)?\\.h = ^src/store/"
  "(cjson/)?cJSON\\.h = ^src/report/json[^/]*$"
  "gmp\\.h = ^src/base/decimal\\.[ch]$"
  "xxh[^/]*\\.h = ^src/(base/hash|kernel/kernels)\\.c$"
  "(immintrin|x86intrin|arm_neon|arm_sve|[a-z]mmintrin)\\.h = ^nowhere$")

set(MAX_LINES 500)
set(MACHINE_PATHS "(^|[^A-Za-z0-9_.~/-])/(work|home|root|Users)/[A-Za-z0-9_.]")

# ---- the inspection ----

function(offence sentence)
  message("${sentence}")
  set_property(GLOBAL APPEND PROPERTY OFFENCES "${sentence}")
endfunction()

# Which room does the file at `path` (relative to ROOT) belong to?
function(room_of path out)
  set(room "")
  if(path MATCHES "^include/pgskew/([^/]+)\\.h$")
    set(room "${KEEPER_${CMAKE_MATCH_1}}")
  elseif(path MATCHES "^src/([^/]+)/")
    set(room "${CMAKE_MATCH_1}")
  endif()
  set(${out} "${room}" PARENT_SCOPE)
endfunction()

# Where does `header`, included by the file at `path`, live? Empty: not in this project.
function(resolve header path out)
  get_filename_component(here "${path}" DIRECTORY)
  foreach(candidate IN ITEMS "${here}/${header}" "src/${header}" "include/${header}")
    cmake_path(NORMAL_PATH candidate)
    if(EXISTS "${ROOT}/${candidate}")
      set(${out} "${candidate}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

function(check_own_include path line target)
  room_of("${path}" from)
  room_of("${target}" to)
  if(NOT DEFINED LEVEL_${to})
    offence("${path}:${line}: ${target} is in no room that check_layers.cmake knows")
  elseif(NOT from STREQUAL to)
    if(LEVEL_${to} GREATER LEVEL_${from})
      offence("${path}:${line}: ${from} may not look up to ${to} (${target})")
    elseif(LEVEL_${to} EQUAL LEVEL_${from} AND NOT path MATCHES "${CALLS_KERNEL}")
      offence("${path}:${line}: ${from} may not look sideways to ${to} (${target})")
    elseif(LEVEL_${to} EQUAL 2 AND NOT from IN_LIST SEES_L2)
      offence("${path}:${line}: ${from} may not include ${to}, only ${SEES_L2} may (${target})")
    elseif(to STREQUAL "kernel" AND NOT path MATCHES "${CALLS_KERNEL}")
      offence("${path}:${line}: ${from} may not call kernels (${target})")
    endif()
  endif()
endfunction()

function(check_foreign_include path line header)
  foreach(fence IN LISTS FENCES)
    string(REGEX MATCH "^(.*) = (.*)$" matched "${fence}")
    set(header_pattern "^${CMAKE_MATCH_1}$")
    set(path_pattern "${CMAKE_MATCH_2}")
    if(header MATCHES "${header_pattern}" AND NOT path MATCHES "${path_pattern}")
      offence("${path}:${line}: <${header}> is fenced in: ${path_pattern}")
    endif()
  endforeach()
endfunction()

# Brackets and semicolons would break CMake's lists: reading a line at a time must not see them.
function(read_lines path out)
  file(READ "${ROOT}/${path}" text)
  string(REGEX REPLACE "[][;\\]" "." text "${text}")
  string(REGEX REPLACE "\n$" "" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(check_source path)
  room_of("${path}" room)
  if(NOT DEFINED LEVEL_${room})
    offence("${path}: no room that check_layers.cmake knows")
      return()
  endif()
  read_lines("${path}" lines)
  list(LENGTH lines n_lines)
  if(n_lines GREATER MAX_LINES)
    offence("${path}: ${n_lines} lines, ${MAX_LINES} is the limit: two ideas want two files")
  endif()
  set(line 0)
  foreach(text IN LISTS lines)
    math(EXPR line "${line} + 1")
    if(text MATCHES "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"]")
      set(header "${CMAKE_MATCH_1}")
      resolve("${header}" "${path}" target)
      if(target)
        check_own_include("${path}" ${line} "${target}")
      else()
        check_foreign_include("${path}" ${line} "${header}")
      endif()
    endif()
  endforeach()
endfunction()

function(check_no_machine path)
  read_lines("${path}" lines)
  set(line 0)
  foreach(text IN LISTS lines)
    math(EXPR line "${line} + 1")
    if(text MATCHES "${MACHINE_PATHS}")
      offence("${path}:${line}: a path of one machine: ${text}")
    endif()
  endforeach()
endfunction()

file(GLOB_RECURSE sources RELATIVE "${ROOT}" "${ROOT}/src/*.[ch]" "${ROOT}/include/*.h")
if(NOT sources)
  message(FATAL_ERROR "no sources under \"${ROOT}\"")
endif()
foreach(path IN LISTS sources)
  check_source("${path}")
endforeach()

file(GLOB_RECURSE written RELATIVE "${ROOT}" "${ROOT}/src/*" "${ROOT}/include/*" "${ROOT}/schemas/*"
  "${ROOT}/bench/*" "${ROOT}/tests/*.[ch]" "${ROOT}/tests/*.sh" "${ROOT}/tests/*.py"
  "${ROOT}/tests/*.cmake" "${ROOT}/tests/*.txt" "${ROOT}/.ci/*")
file(GLOB at_the_top RELATIVE "${ROOT}" "${ROOT}/CMake*" "${ROOT}/*.md" "${ROOT}/dev")
list(FILTER written EXCLUDE REGEX "^tests/lint/|\\.pyc$")
foreach(path IN LISTS written at_the_top)
  check_no_machine("${path}")
endforeach()

get_property(offences GLOBAL PROPERTY OFFENCES)
list(LENGTH offences n_offences)
if(n_offences)
  message(FATAL_ERROR "layers: ${n_offences} offences")
endif()
list(LENGTH sources n_sources)
message("layers: ${n_sources} files, no offence")
