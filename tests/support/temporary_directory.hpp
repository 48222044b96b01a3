#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace roomcast::test {

/// A directory of its own for one test; gone afterwards.
class temporary_directory {
public:
  temporary_directory() {
    auto pattern = (std::filesystem::temp_directory_path() / "roomcast-test-XXXXXX").string();
    if (const auto* made = mkdtemp(pattern.data()))
      path_ = made;
    else
      std::abort();
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;

  std::string path(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file, and answers its path.
  std::string file(std::string_view name, std::string_view text) const {
    std::ofstream{path(name), std::ios::binary} << text;
    return path(name);
  }

private:
  std::filesystem::path path_;
};

} // namespace roomcast::test
