// The runtime's C API as the benchmarks use it: a refusal is an exception, status is rows.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace wfp::bench {

// One row of status: its fields by name, and its kind under "".
using Row = std::map<std::string, std::string>;

// Apply the update, or revert the newest; return once it is published.  Throw std::runtime_error with the reason.
void apply(const std::string &path);
void revert();

std::vector<Row> status_rows();

// The row of the newest update (the last that is not reverted, else the last).
Row newest_update();

// Waits until every thread has changed over; throws after 30 s.
void wait_until_settled();

long number(const Row &row, const std::string &field);

} // namespace wfp::bench
