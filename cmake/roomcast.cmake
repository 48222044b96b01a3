# Flags and helpers shared by every folder.

# A compiler cache where there is one; -DCMAKE_CXX_COMPILER_LAUNCHER= builds without.
find_program(ROOMCAST_CCACHE ccache)
mark_as_advanced(ROOMCAST_CCACHE)
if(ROOMCAST_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ROOMCAST_CCACHE})
endif()

add_library(roomcast_flags INTERFACE)
target_compile_options(roomcast_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>) # false alarms of GCC 12 on std::string (GCC bug 105651)
if(ROOMCAST_WERROR)
  target_compile_options(roomcast_flags INTERFACE -Werror)
endif()
target_include_directories(roomcast_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
if(ROOMCAST_SANITIZE)
  # CAF binds a null reference when it spawns without arguments: its own, and harmless.
  add_compile_options(-fsanitize=${ROOMCAST_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=null,vptr
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ROOMCAST_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized) # false alarms of GCC 12 in <regex> under sanitizers
  endif()
endif()

# Boost is used header-only, its Asio and Beast compiled once (net/boost_impl.cpp).
add_library(roomcast_boost INTERFACE)
target_link_libraries(roomcast_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(roomcast_boost INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY)

# roomcast_library(folder LINK deps...): static library roomcast_<folder> of all sources in <folder>/.
function(roomcast_library folder)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    add_library(roomcast_${folder} INTERFACE)
    return()
  endif()
  add_library(roomcast_${folder} STATIC ${sources})
  add_library(roomcast::${folder} ALIAS roomcast_${folder})
  if(EXISTS ${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
    include(${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
  endif()
  target_link_libraries(roomcast_${folder} PUBLIC roomcast_flags)
  foreach(dep ${arg_LINK})
    if(TARGET roomcast_${dep})
      target_link_libraries(roomcast_${folder} PUBLIC roomcast_${dep})
    else()
      target_link_libraries(roomcast_${folder} PUBLIC ${dep})
    endif()
  endforeach()
endfunction()
