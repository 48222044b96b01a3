#pragma once

#include "net/io_thread.hpp"
#include "net/resp.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::test {

/// A Redis that does as it is told, on a loopback port and in the test's own hand-polled loop: it answers the
/// few commands a bus sends, or whatever `scripted` says, or nothing.
class fake_redis {
public:
  using tcp = boost::asio::ip::tcp;
  using words = std::vector<std::string>;

  explicit fake_redis(net::io_thread& where, const char* address = "127.0.0.1") :
      acceptor_(where.context(), {boost::asio::ip::make_address(address), 0}) {
    accept();
  }

  fake_redis(const fake_redis&) = delete;
  fake_redis& operator=(const fake_redis&) = delete;
  ~fake_redis() {
    *alive_ = false; // handlers may still run
    close_all();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// Answers by the first word of a command (`PING`), instead of the usual one; "" answers nothing.
  std::map<std::string, std::string> scripted;
  bool silent = false;              ///< takes commands and answers nothing
  std::vector<words> seen;          ///< every command, in order
  std::vector<size_t> read_at_once; ///< commands in each read
  size_t accepted = 0;

  size_t count(std::string_view command) const {
    size_t n = 0;
    for (const auto& line : seen) n += line[0] == command;
    return n;
  }

  /// Links open now; the ones with subscriptions.
  size_t links() const { return peers_.size(); }
  std::set<std::string> subscriptions() const {
    std::set<std::string> out;
    for (const auto& p : peers_) out.insert(p->channels.begin(), p->channels.end());
    return out;
  }

  /// Sends raw bytes on the link whose client name is `name`.
  void send(std::string_view name, std::string_view bytes) {
    for (const auto& p : peers_)
      if (p->name == name) boost::asio::write(p->socket, boost::asio::buffer(bytes.data(), bytes.size()));
  }
  void close(std::string_view name) {
    std::erase_if(peers_, [&](const auto& p) {
      if (p->name != name) return false;
      p->socket.close();
      return true;
    });
  }
  void close_all() {
    for (const auto& p : peers_) p->socket.close();
    peers_.clear();
  }

  /// What Redis says to this PING.
  static std::string pong(const words& line) {
    if (line.size() == 1) return "+PONG\r\n";
    std::string out;
    net::append_bulk(out, line[1]);
    return out;
  }

  static std::string message(std::string_view channel, std::string_view payload) {
    std::string out;
    net::append_command(out, {"message", channel, payload});
    return out;
  }

private:
  struct peer {
    explicit peer(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    std::string name;
    std::string input;
    std::set<std::string> channels;
    char block[65536];
  };

  void accept() {
    acceptor_.async_accept([this, alive = alive_](boost::system::error_code failed, tcp::socket socket) {
      if (failed || !*alive) return;
      socket.set_option(tcp::no_delay{true}); // what was written is there at once
      ++accepted;
      peers_.push_back(std::make_shared<peer>(std::move(socket)));
      read(peers_.back());
      accept();
    });
  }

  void read(const std::shared_ptr<peer>& p) {
    p->socket.async_read_some(
        boost::asio::buffer(p->block),
        [this, p, alive = alive_](boost::system::error_code failed, size_t size) {
          if (!*alive) return;
          if (failed) {
            std::erase(peers_, p);
            return;
          }
          p->input.append(p->block, size);
          take(*p);
          if (p->socket.is_open()) read(p);
        });
  }

  void take(peer& p) {
    net::resp_parser parser;
    std::string out;
    read_at_once.push_back(0);
    while (parser.parse(p.input) == net::resp_parser::status::complete) {
      words line;
      for (auto word : parser.value()) line.emplace_back(word.text());
      p.input.erase(0, parser.consumed());
      ++read_at_once.back();
      seen.push_back(line);
      if (!silent) out += answer(p, line);
    }
    boost::system::error_code ignored;
    if (p.socket.is_open()) boost::asio::write(p.socket, boost::asio::buffer(out), ignored);
  }

  std::string answer(peer& p, const words& line) {
    if (line[0] == "CLIENT") p.name = line[2];
    if (const auto found = scripted.find(line[0]); found != scripted.end()) return found->second;
    if (line[0] == "PING") return pong(line);
    if (line[0] == "SUBSCRIBE" || line[0] == "UNSUBSCRIBE") return subscribe(p, line);
    if (line[0] == "PUBLISH") return publish(line);
    return "+OK\r\n";
  }

  static std::string subscribe(peer& p, const words& line) {
    std::string out;
    for (size_t i = 1; i < line.size(); ++i) {
      if (line[0] == "SUBSCRIBE")
        p.channels.insert(line[i]);
      else
        p.channels.erase(line[i]);
      net::append_command_head(out, 3);
      net::append_bulk(out, line[0] == "SUBSCRIBE" ? "subscribe" : "unsubscribe");
      net::append_bulk(out, line[i]);
      out += ":" + std::to_string(p.channels.size()) + "\r\n";
    }
    return out;
  }

  std::string publish(const words& line) {
    size_t receivers = 0;
    for (const auto& p : peers_) {
      if (p->channels.count(line[1]) == 0) continue;
      boost::system::error_code ignored;
      boost::asio::write(p->socket, boost::asio::buffer(message(line[1], line[2])), ignored);
      ++receivers;
    }
    return ":" + std::to_string(receivers) + "\r\n";
  }

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<peer>> peers_;
};

} // namespace roomcast::test
