#include "config/config_text.hpp"

#include <caf/detail/parser/read_ini.hpp>
#include <caf/parser_state.hpp>
#include <caf/string_view.hpp>
#include <caf/uri.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

namespace roomcast::config {

namespace {

constexpr size_t max_file_bytes = 1'048'576; // a configuration of a megabyte is another file
constexpr size_t max_nesting = 16;           // CAF's parser recurses once per level

constexpr std::string_view implicit_group = "global"; // CAF's name for what stands in no section

using parser_state = caf::parser_state<const char*>;

std::string_view trim(std::string_view text) {
  auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::string in_quotes(std::string_view text) {
  std::string out{'"'};
  for (auto c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n' || c == '\r' || c == '\t') out += '\\';
    out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
  }
  return out + '"';
}

/// What CAF's parser reports to: flat entries with lines instead of CAF's nested dictionaries.
class collector {
public:
  collector(parser_state& where, const char* begin) : where_(where), begin_(begin), last_(begin) {}

  void key(std::string name) {
    frame().key = std::move(name);
    frame().line = line();
    value_begin_ = where_.i;
  }

  void value(std::string x) { scalar(value_kind::text, std::move(x)); }
  void value(caf::atom_value x) { scalar(value_kind::text, to_string(x)); }
  void value(const caf::uri& x) { scalar(value_kind::text, to_string(x)); }
  void value(int64_t x) { scalar(value_kind::number, std::to_string(x)); }
  // As written: CAF multiplies without looking for overflow.
  void value(caf::timespan) { scalar(value_kind::duration, std::string{written()}); }
  void value(double) { scalar(value_kind::other, {}); }
  void value(bool x) { scalar(value_kind::boolean, x ? "true" : "false"); }

  void begin_map() {
    if (list_depth_ == 0 && path() != implicit_group)
      entries_.push_back({path(), value_kind::group, {}, frame().line});
    begin_listed_map();
    push();
  }

  void begin_list() {
    if (list_depth_ == 0)
      entries_.push_back({path(), value_kind::list, {}, frame().line});
    else
      spoil_list();
    push();
    ++list_depth_;
  }

  void end_map() {
    frames_.pop_back();
    if (list_depth_ == 0 || !std::exchange(in_map_, false)) return;
    if (entries_.back().kind == value_kind::maps) entries_.back().texts.back() += " }";
  }

  void end_list() {
    frames_.pop_back();
    --list_depth_;
  }

  /// Of the innermost brace or bracket that is open; 0: none.
  unsigned open_line() const { return frames_.back().opened; }
  bool too_deep() const { return too_deep_; }
  unsigned line() {
    line_ += static_cast<unsigned>(std::count(last_, where_.i, '\n'));
    last_ = where_.i;
    return line_;
  }
  std::vector<file_entry>& entries() { return entries_; }

private:
  struct level {
    unsigned opened = 0; // line of its brace or bracket; 0: a section or the file itself
    std::string key;
    unsigned line = 0; // of the key
  };

  level& frame() { return frames_.back(); }

  std::string path() const {
    std::string joined;
    for (const auto& each : frames_) {
      if (each.key.empty() || (&each == &frames_.front() && each.key == implicit_group)) continue;
      if (!joined.empty()) joined += '.';
      joined += each.key;
    }
    return joined.empty() ? std::string{implicit_group} : joined;
  }

  void push() {
    auto bracket = where_.i != begin_ && (where_.i[-1] == '{' || where_.i[-1] == '[');
    frames_.push_back({bracket ? line() : 0, {}, line()});
    if (frames_.size() <= max_nesting) return;
    too_deep_ = true;
    where_.i = where_.e; // ends the parser
  }

  std::string_view written() const {
    return trim({value_begin_ + 1, static_cast<size_t>(where_.i - value_begin_ - 1)});
  }

  void scalar(value_kind kind, std::string text) {
    if (list_depth_ == 0)
      entries_.push_back({path(), kind, {std::move(text)}, frame().line});
    else if (in_map_ && kind != value_kind::other && entries_.back().kind == value_kind::maps)
      add_to_map(kind == value_kind::text ? in_quotes(text) : text);
    else if (
        list_depth_ == 1 && !in_map_ && kind == value_kind::text && entries_.back().kind == value_kind::list)
      entries_.back().texts.push_back(std::move(text));
    else
      spoil_list();
  }

  // -- maps in a list, each kept as the text of its scalars ------------------

  void begin_listed_map() {
    if (list_depth_ == 0) return;
    auto& list = entries_.back();
    if (list.kind == value_kind::list && list.texts.empty()) list.kind = value_kind::maps;
    if (list_depth_ != 1 || in_map_ || list.kind != value_kind::maps) return spoil_list();
    in_map_ = true;
    list.texts.emplace_back("{");
  }

  void add_to_map(const std::string& value) {
    auto& map = entries_.back().texts.back();
    map += (map.size() > 1 ? ", " : " ") + frame().key + " = " + value;
  }

  // A list of anything but texts, or maps of scalars, is no value of any key.
  void spoil_list() {
    if (list_depth_ == 0) return;
    entries_.back().kind = value_kind::other;
    entries_.back().texts.clear();
  }

  parser_state& where_;
  const char* begin_;
  const char* last_; // where line_ is known
  const char* value_begin_ = nullptr;
  unsigned line_ = 1;
  size_t list_depth_ = 0;
  bool in_map_ = false; // that stands in a list
  bool too_deep_ = false;
  std::vector<level> frames_{1};
  std::vector<file_entry> entries_;
};

/// What CAF's parser copies about.
struct consumer {
  collector* to;
  void key(std::string name) { to->key(std::move(name)); }
  template <class T> void value(T&& x) { to->value(std::forward<T>(x)); }
  consumer begin_map() {
    to->begin_map();
    return *this;
  }
  consumer begin_list() {
    to->begin_list();
    return *this;
  }
  void end_map() { to->end_map(); }
  void end_list() { to->end_list(); }
};

// Why a character was not expected, guessed from what stands around it.
std::string unexpected(std::string_view text, size_t at) {
  auto c = text[at];
  if (c == '#' || text.substr(at, 2) == "//") return "comments start with `;`";
  if (c == '}' || c == ']') return std::string{"`"} + c + "` closes nothing here";
  auto word = at;
  auto in_word = [](char x) { return std::isalnum(static_cast<unsigned char>(x)) || x == '_' || x == '-'; };
  while (word > 0 && in_word(text[word - 1])) --word;
  auto before = trim(text.substr(0, word));
  if (c == '\n')
    return before.ends_with('=') ? "a value is missing"
                                 : "the line ends too early; expected `key = value` or `group {`";
  if (!before.empty() && std::string_view{"=[,"}.find(before.back()) != std::string_view::npos) {
    if (std::isdigit(static_cast<unsigned char>(text[word]))) return "this is no number and no duration";
    return "a text needs double quotes";
  }
  return "expected `key = value`, `group {` or the end of the line";
}

std::string explain(const parser_state& ps, std::string_view text, collector& seen) {
  auto at = static_cast<size_t>(ps.i - text.data());
  if (seen.too_deep()) return "too many levels of braces or brackets";
  if (at < text.size() && text[at] == '\0') return "a NUL byte";
  switch (ps.code) {
  case caf::pec::success: return {};
  case caf::pec::unexpected_eof: {
    auto opened = seen.open_line();
    if (opened == 0 || at < text.size()) return "the file ends within a key or a value";
    return "the file ends, and what was opened in line " + std::to_string(opened) + " is not closed";
  }
  case caf::pec::unexpected_newline: {
    auto line = text.substr(0, at);
    line = line.substr(line.rfind('\n') + 1);
    if (std::count(line.begin(), line.end(), '"') % 2 == 1) return "a text is not closed by `\"`";
    return unexpected(text, at);
  }
  case caf::pec::illegal_escape_sequence: return "after `\\` only `n`, `r`, `t`, `\\` and `\"` are known";
  case caf::pec::integer_overflow:
  case caf::pec::integer_underflow: return "the number is too large";
  case caf::pec::fractional_timespan: return "a duration is a whole number, such as 1500ms";
  default: return at < text.size() ? unexpected(text, at) : "the file ends too early";
  }
}

std::string set_twice(const std::vector<file_entry>& entries, std::string_view name) {
  std::map<std::string_view, unsigned> first;
  for (const auto& each : entries) {
    if (each.kind == value_kind::group) continue; // groups of the same name are one
    auto [known, fresh] = first.emplace(each.name, each.line);
    if (!fresh)
      return std::string{name} + ":" + std::to_string(each.line) + ": " + each.name
             + " is set twice, first in line " + std::to_string(known->second);
  }
  return {};
}

std::string read_bounded(const std::string& path, std::string& text) {
  namespace fs = std::filesystem;
  std::error_code failure;
  auto status = fs::status(path, failure);
  if (status.type() == fs::file_type::not_found) return path + ": no such file";
  if (failure) return path + ": " + failure.message();
  if (!fs::is_regular_file(status)) return path + ": not a regular file";
  std::ifstream in{path, std::ios::binary};
  if (!in) return path + ": cannot be read; check its permissions";
  text.resize(max_file_bytes + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return path + ": cannot be read";
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > max_file_bytes) return path + ": larger than 1 MiB";
  return {};
}

} // namespace

std::string_view describe(value_kind kind) noexcept {
  switch (kind) {
  case value_kind::text: return "text in double quotes";
  case value_kind::number: return "a whole number";
  case value_kind::duration: return "a duration such as 30s, 500ms or 1h";
  case value_kind::boolean: return "true or false";
  case value_kind::list: return "a list of texts in brackets";
  case value_kind::maps: return "a list of maps, [ { key = value } ]";
  case value_kind::group: return "a group in braces";
  case value_kind::other: break;
  }
  return "another kind of value";
}

result<std::vector<file_entry>, std::string> parse_config_text(std::string_view text, std::string_view name) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::string unix_text{text};
  std::erase(unix_text, '\r');
  parser_state ps{unix_text.data(), unix_text.data() + unix_text.size()};
  collector seen{ps, unix_text.data()};
  caf::detail::parser::read_ini(ps, consumer{&seen});
  auto wrong = explain(ps, unix_text, seen);
  if (!wrong.empty()) return std::string{name} + ":" + std::to_string(seen.line()) + ": " + wrong;
  if (auto twice = set_twice(seen.entries(), name); !twice.empty()) return twice;
  return std::move(seen.entries());
}

result<std::vector<file_entry>, std::string> parse_config_file(const std::string& path) {
  std::string text;
  if (auto wrong = read_bounded(path, text); !wrong.empty()) return wrong;
  return parse_config_text(text, path);
}

} // namespace roomcast::config
