#include "actors/event_batch.hpp"

#include <cstring>

namespace roomcast::actors {

void event_batch::append(const event& added) {
  const record_header header{added.excluded, added.at, added.text.size()};
  char* place = writing_.extend(sizeof header + added.text.size());
  std::memcpy(place, &header, sizeof header);
  std::memcpy(place + sizeof header, added.text.data(), added.text.size());
  credit_.add(added.text.size());
  text_bytes_ += added.text.size();
  ++count_;
}

event_batch::event event_batch::take(std::string_view& rest) noexcept {
  record_header header;
  std::memcpy(&header, rest.data(), sizeof header);
  const auto text = rest.substr(sizeof header, header.size);
  rest.remove_prefix(sizeof header + header.size);
  return {text, header.excluded, header.at};
}

} // namespace roomcast::actors
