// A server around RE2 for the mutation test: a line "PATTERN<tab>TEXT" asks, a line answers with what matched where.  Each
// request compiles its pattern anew, so that an answer depends on nothing that earlier code left behind.
#include "re2/re2.h"
#include "re2/regexp.h"
#include "re2/set.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

void replace_escapes(std::string &text) {
  for (size_t at; (at = text.find("\\n")) != std::string::npos;)
    text.replace(at, 2, "\n");
}

std::string answer(const std::string &pattern, std::string text) {
  replace_escapes(text);
  RE2::Options options;
  options.set_log_errors(false);
  RE2 expression(pattern, options);
  if (!expression.ok())
    throw std::invalid_argument(expression.error());
  std::string out = std::to_string(expression.ProgramSize()) + " " + expression.Regexp()->ToString();
  for (RE2::Anchor anchor : {RE2::UNANCHORED, RE2::ANCHOR_START, RE2::ANCHOR_BOTH}) {
    std::vector<re2::StringPiece> groups(1 + expression.NumberOfCapturingGroups());
    out += " |";
    if (expression.Match(text, 0, text.size(), anchor, groups.data(), int(groups.size())))
      for (const re2::StringPiece &group : groups)
        out += group.data() ? " " + std::to_string(group.data() - text.data()) + "+" + std::to_string(group.size()) : " -";
  }
  for (const auto &[name, index] : expression.NamedCapturingGroups())
    out += " " + name + "=" + std::to_string(index);
  std::string low, high, replaced = text;
  if (expression.PossibleMatchRange(&low, &high, 10))
    out += " [" + low + "," + high + "]";
  RE2::GlobalReplace(&replaced, expression, "<\\0>");
  out += " " + replaced + " " + RE2::QuoteMeta(text);
  RE2::Set set(options, RE2::UNANCHORED);
  std::vector<int> members;
  if (set.Add(pattern, nullptr) == 0 && set.Add("e", nullptr) == 1 && set.Compile() && set.Match(text, &members))
    out += " set " + std::to_string(members.size());
  for (char &c : out)
    if (c == '\n')
      c = '~';
  return out;
}

bool serve(int connection) {
  std::string pending;
  char buffer[4096];
  for (ssize_t got; (got = read(connection, buffer, sizeof buffer)) > 0;) {
    pending.append(buffer, size_t(got));
    for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
      const std::string line = pending.substr(0, end);
      const size_t tab = line.find('\t');
      std::string reply;
      try {
        reply = answer(line.substr(0, tab), line.substr(tab + 1));
      } catch (const std::invalid_argument &error) {
        reply = std::string("error ") + error.what();
      }
      reply += '\n';
      if (write(connection, reply.data(), reply.size()) != ssize_t(reply.size()))
        return false;
    }
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(argc > 1 ? atoi(argv[1]) : 0));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener, 8) != 0) {
    perror("re2_ask");
    return 1;
  }
  for (int connection; (connection = accept(listener, nullptr, nullptr)) >= 0;) {
    serve(connection);
    close(connection);
  }
}
