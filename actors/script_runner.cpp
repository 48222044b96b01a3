#include "actors/script_runner.hpp"

#include "net/sha1.hpp"

#include <stdexcept>
#include <utility>

namespace roomcast::actors {

lua_script::lua_script(std::string source) : text(std::move(source)) {
  try {
    sha1 = net::sha1_hex(text);
  } catch (const std::exception&) {
    // no SHA-1 in this OpenSSL: the text goes with each call
  }
}

void script_runner::run(script_call call, handler done) {
  const bool by_text = call.script->sha1.empty();
  send({std::move(call), std::move(done), by_text});
}

void script_runner::send(pending which) {
  const auto cookie = next_cookie_++;
  const auto& call = calls_.emplace(cookie, std::move(which)).first->second;
  const auto key_count = std::to_string(call.call.keys.size());
  std::vector<std::string_view> words;
  words.reserve(3 + call.call.keys.size() + call.call.arguments.size());
  words.push_back(call.by_text ? "EVAL" : "EVALSHA");
  words.push_back(call.by_text ? call.call.script->text : call.call.script->sha1);
  words.push_back(key_count);
  words.insert(words.end(), call.call.keys.begin(), call.call.keys.end());
  words.insert(words.end(), call.call.arguments.begin(), call.call.arguments.end());
  bus_.command(words, cookie); // may answer at once: `call` is gone then
}

void script_runner::on_reply(uint64_t cookie, const net::resp_value* reply) {
  const auto known = calls_.find(cookie);
  if (known == calls_.end()) return;
  auto call = std::move(known->second);
  calls_.erase(known);
  if (is_unknown_script(reply) && !call.by_text) {
    call.by_text = true;
    return send(std::move(call));
  }
  call.done(reply);
}

} // namespace roomcast::actors
