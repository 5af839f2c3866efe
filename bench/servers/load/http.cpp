// HTTP/1.1: the files of a folder, asked for by name over connections that are kept open, whole or a range of them.
//
// Headers carry the time of day, so an answer is parsed: the status line and the length must be right, and the body
// what the file holds.
#include "bench/servers/load/conversation.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <strings.h>
#include <vector>

namespace wfp::bench {
namespace {

struct File {
  std::string name, content;
};
using Files = std::shared_ptr<const std::vector<File>>;

// The value of a header field, or an empty view.  `head` ends with an empty line.
std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at - begin);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
      return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
  }
  return {};
}

class Http final : public Conversation {
public:
  Http(unsigned number, Files files) : random_(number + 1), files_(std::move(files)) {}

  std::string next() override {
    const File &file = (*files_)[random_() % files_->size()];
    body_ = file.content;
    status_ = "HTTP/1.1 200 ";
    closes_ = false;
    std::string request = "GET /" + file.name + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!body_.empty() && random_() % 4 == 0) {
      const std::size_t from = random_() % body_.size(), to = from + random_() % (body_.size() - from);
      request += "Range: bytes=" + std::to_string(from) + "-" + std::to_string(to) + "\r\n";
      body_ = body_.substr(from, to - from + 1);
      status_ = "HTTP/1.1 206 ";
    }
    return request + "\r\n";
  }

  Progress judge(std::string_view answer, std::size_t seen) override {
    const std::size_t common = std::min(answer.size(), status_.size());
    if (answer.substr(0, common) != std::string_view(status_).substr(0, common))
      return Progress::kWrong;
    const std::size_t end = answer.find("\r\n\r\n");
    if (end == std::string_view::npos)
      return Progress::kPartial;
    const std::string_view head = answer.substr(0, end + 4), body = answer.substr(end + 4);
    std::size_t length = 0;
    const std::string_view said = field(head, "Content-Length");
    if (std::from_chars(said.data(), said.data() + said.size(), length).ec != std::errc() || length != body_.size() ||
        body.size() > length)
      return Progress::kWrong;
    const std::size_t judged = seen > head.size() ? seen - head.size() : 0;
    if (body.substr(judged) != body_.substr(judged, body.size() - judged))
      return Progress::kWrong;
    closes_ = field(head, "Connection") == "close";
    return body.size() == length ? Progress::kComplete : Progress::kPartial;
  }

  std::string wanted() const override { return status_ + "... " + std::to_string(body_.size()) + " bytes"; }
  bool closes() const override { return closes_; }

private:
  std::minstd_rand random_;
  Files files_;
  std::string status_;
  std::string_view body_;
  bool closes_ = false;
};

} // namespace

ConversationMaker http_conversations(const std::string &folder) {
  auto files = std::make_shared<std::vector<File>>();
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      files->push_back({entry.path().filename().string(), std::string(std::istreambuf_iterator<char>(in), {})});
    }
  if (files->empty())
    throw std::runtime_error(folder + " holds no files to ask for");
  std::sort(files->begin(), files->end(), [](const File &a, const File &b) { return a.name < b.name; });
  return [files = Files(files)](unsigned number) { return std::make_unique<Http>(number, files); };
}

} // namespace wfp::bench
