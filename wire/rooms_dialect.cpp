#include "wire/dialect.hpp"
#include "wire/json_text.hpp"
#include "wire/rooms_decode.hpp"

namespace roomcast::wire {
namespace {

/// `,"id":X`, or nothing.
void append_id(std::string& out, std::string_view id) {
  if (!id.empty()) (out += R"(,"id":)") += id;
}

/// `"count":N,"users":[...]`, and `,"more":true` where the page is not the last.
void append_roster(std::string& out, const roster& who) {
  (out += R"("count":)") += std::to_string(who.count);
  out += R"(,"users":[)";
  for (const auto& user : who.users) {
    if (out.back() != '[') out += ',';
    out += user;
  }
  out += ']';
  if (who.more) out += R"(,"more":true)";
}

void append_note(std::string& out, const history_note& note) {
  if (note.recoverable) (out += R"(,"recoverable":)") += *note.recoverable ? "true" : "false";
  if (note.recovered) (out += R"(,"recovered":)") += *note.recovered ? "true" : "false";
  if (note.at) {
    ((out += R"(,"epoch":")") += to_string(note.at.epoch)) += '"';
    (out += R"(,"seq":)") += std::to_string(note.at.seq);
  }
  if (note.repeated) out += R"(,"repeated":true)";
}

class rooms final : public dialect {
public:
  std::string_view name() const noexcept override { return "rooms"; }

  result<request, bad_request>
  decode(std::string_view text, const decode_limits& limits, std::string& scratch) const noexcept override {
    return decode_rooms_request(text, limits, scratch);
  }

  void
  ack(std::string& out, std::string_view id, std::string_view room, const history_note& note) const override {
    out += R"({"type":"ack")";
    append_id(out, id);
    if (!room.empty()) append_json_string(out += R"(,"room":)", room);
    append_note(out, note);
    out += '}';
  }

  void pong(std::string& out, std::string_view id) const override {
    out += R"({"type":"pong")";
    append_id(out, id);
    out += '}';
  }

  void created(
      std::string& out, std::string_view id, std::string_view room, std::string_view user,
      const history_note& note) const override {
    append_json_string(out += R"({"type":"create","roomId":)", room);
    (out += R"(,"user":)") += user;
    append_note(out, note);
    append_id(out, id);
    out += '}';
  }

  void joined(
      std::string& out, std::string_view id, std::string_view room, const roster& who,
      const history_note& note) const override {
    append_json_string(out += R"({"type":"joined","roomId":)", room);
    append_roster(out += ',', who);
    append_note(out, note);
    append_id(out, id);
    out += '}';
  }

  void
  presence(std::string& out, std::string_view id, std::string_view room, const roster& who) const override {
    append_json_string(out += R"({"type":"presence","room":)", room);
    append_roster(out += ',', who);
    append_id(out, id);
    out += '}';
  }

  void history(
      std::string& out, std::string_view id, std::string_view room, const history_page& page) const override {
    append_json_string(out += R"({"type":"history","room":)", room);
    if (page.epoch != no_epoch) ((out += R"(,"epoch":")") += to_string(page.epoch)) += '"';
    out += R"(,"messages":[)";
    for (const auto& entry : page.entries) {
      if (&entry != page.entries.data()) out += ',';
      append_numbered(out, entry.text, entry.seq);
    }
    (out += R"(],"more":)") += page.more ? "true" : "false";
    append_id(out, id);
    out += '}';
  }

  void gap(std::string& out, std::string_view room, uint64_t dropped) const override {
    append_json_string(out += R"({"type":"gap","room":)", room);
    ((out += R"(,"dropped":)") += std::to_string(dropped)) += '}';
  }

  void
  failed(std::string& out, const error& what, std::string_view id, std::string_view room) const override {
    append_json_string(out += R"({"type":"error","code":)", to_string(what.code));
    append_json_string(out += R"(,"message":)", what.message);
    append_id(out, id);
    if (!room.empty()) append_json_string(out += R"(,"room":)", room);
    out += '}';
  }
};

} // namespace

const dialect& rooms_dialect() noexcept {
  static const rooms instance;
  return instance;
}

} // namespace roomcast::wire
