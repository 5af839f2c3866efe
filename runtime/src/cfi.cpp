#include "runtime/src/cfi.h"

#include "runtime/arch/x86_64/frame.h"

#include <cstring>

namespace wfp {

namespace {

constexpr std::size_t kRememberedStates = 8; // compilers nest one or two
constexpr std::size_t kExpressionStack = 8;
constexpr unsigned kExpressionSteps = 64;
constexpr std::size_t kRowBytes = 8;

// DW_EH_PE_*
constexpr std::uint8_t kAbsolute = 0x00, kUnsignedLeb = 0x01, kUnsigned2 = 0x02, kUnsigned4 = 0x03, kUnsigned8 = 0x04,
                       kSignedLeb = 0x09, kSigned2 = 0x0a, kSigned4 = 0x0b, kSigned8 = 0x0c;
constexpr std::uint8_t kPcRelative = 0x10, kDataRelative = 0x30, kRelationMask = 0x70, kIndirect = 0x80;

// Reads bytes that were copied from `origin`; past the end it yields zeros and says so.
class Bytes {
public:
  Bytes(const std::uint8_t *begin, std::size_t size, std::uintptr_t origin)
      : begin_(begin), at_(begin), end_(begin + size), origin_(origin) {}

  bool failed() const { return failed_; }
  bool done() const { return at_ == end_ || failed_; }
  void fail() { failed_ = true; }
  std::uintptr_t address() const { return origin_ + static_cast<std::size_t>(at_ - begin_); }
  const std::uint8_t *position() const { return at_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  template <typename T> T take() {
    T value{};
    if (left() < sizeof(T)) {
      failed_ = true;
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint8_t byte() { return take<std::uint8_t>(); }
  std::uint64_t leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      std::uint8_t next = byte();
      if (shift < 64)
        value |= std::uint64_t{static_cast<std::uint8_t>(next & 0x7f)} << shift;
      if (!(next & 0x80) || failed_)
        return value;
    }
  }
  std::int64_t signed_leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      std::uint8_t next = byte();
      if (shift < 64)
        value |= std::uint64_t{static_cast<std::uint8_t>(next & 0x7f)} << shift;
      shift += 7;
      if (next & 0x80 && !failed_)
        continue;
      if (next & 0x40 && shift < 64)
        value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }
  Bytes block(std::uint64_t size) {
    if (size > left()) {
      failed_ = true;
      size = 0;
    }
    Bytes part(at_, size, address());
    at_ += size;
    return part;
  }
  // An encoded pointer; `data` is what data-relative ones are relative to.
  std::uintptr_t pointer(std::uint8_t encoding, std::uintptr_t data) {
    std::uintptr_t here = address();
    std::uint64_t value = 0;
    switch (encoding & 0x0f) {
    case kAbsolute:
    case kUnsigned8:
      value = take<std::uint64_t>();
      break;
    case kUnsignedLeb:
      value = leb();
      break;
    case kUnsigned2:
      value = take<std::uint16_t>();
      break;
    case kUnsigned4:
      value = take<std::uint32_t>();
      break;
    case kSignedLeb:
      value = static_cast<std::uint64_t>(signed_leb());
      break;
    case kSigned2:
      value = static_cast<std::uint64_t>(std::int64_t{take<std::int16_t>()});
      break;
    case kSigned4:
      value = static_cast<std::uint64_t>(std::int64_t{take<std::int32_t>()});
      break;
    case kSigned8:
      value = take<std::uint64_t>();
      break;
    default:
      failed_ = true;
    }
    switch (encoding & kRelationMask) {
    case 0:
      break;
    case kPcRelative:
      value += here;
      break;
    case kDataRelative:
      value += data;
      break;
    default:
      failed_ = true;
    }
    failed_ = failed_ || (encoding & kIndirect);
    return value;
  }

private:
  const std::uint8_t *begin_, *at_, *end_;
  std::uintptr_t origin_;
  bool failed_ = false;
};

// ---- expressions

// What an expression yields as far as it is known before the frame is: a number, or (register + offset), or the word
// there + add.
struct Value {
  enum Kind : std::uint8_t { kNumber, kSum, kLoaded } kind;
  FrameRule::Base base;
  std::int64_t offset; // of kNumber: the value
  std::int64_t add;
};

bool fits(std::int64_t value) { return value > -(1 << 30) && value < (1 << 30); }

class Expression {
public:
  Expression(Bytes code, std::uintptr_t pc) : code_(code), pc_(pc) {}

  void push(const Value &value) {
    if (depth_ == kExpressionStack)
      return code_.fail();
    stack_[depth_++] = value;
  }

  // False if it is not understood.
  bool evaluate(Value &result) {
    for (unsigned steps = 0; !code_.done(); ++steps) {
      if (steps == kExpressionSteps)
        return false;
      step(code_.byte());
    }
    if (code_.failed() || depth_ == 0)
      return false;
    result = stack_[depth_ - 1];
    return true;
  }

private:
  void number(std::int64_t value) { push({Value::kNumber, FrameRule::kStackPointer, value, 0}); }
  Value pop() {
    if (depth_ == 0) {
      code_.fail();
      return {};
    }
    return stack_[--depth_];
  }

  void from_register(std::uint64_t which, std::int64_t offset) {
    if (which == arch::kDwarfReturnAddress) // in PLT entries, which behave differently by where in them one is
      return number(static_cast<std::int64_t>(pc_) + offset);
    if (which != arch::kDwarfStackPointer && which != arch::kDwarfFramePointer)
      return code_.fail();
    push({Value::kSum, which == arch::kDwarfStackPointer ? FrameRule::kStackPointer : FrameRule::kFramePointer, offset,
          0});
  }

  void add(Value left, Value right) {
    if (left.kind == Value::kNumber)
      return right.kind == Value::kNumber ? number(left.offset + right.offset) : add(right, left);
    if (right.kind != Value::kNumber || !fits(right.offset))
      return code_.fail();
    (left.kind == Value::kLoaded ? left.add : left.offset) += right.offset;
    push(left);
  }

  void arithmetic(std::uint8_t operation) {
    Value right = pop(), left = pop();
    if (operation == 0x22)
      return add(left, right);
    if (operation == 0x1c && right.kind == Value::kNumber && fits(right.offset))
      return add(left, {Value::kNumber, right.base, -right.offset, 0});
    if (left.kind != Value::kNumber || right.kind != Value::kNumber)
      return code_.fail();
    auto a = static_cast<std::uint64_t>(left.offset), b = static_cast<std::uint64_t>(right.offset);
    switch (operation) {
    case 0x1a:
      return number(static_cast<std::int64_t>(a & b)); // DW_OP_and
    case 0x1c:
      return number(static_cast<std::int64_t>(a - b)); // DW_OP_minus
    case 0x21:
      return number(static_cast<std::int64_t>(a | b)); // DW_OP_or
    case 0x24:
      return b < 64 ? number(static_cast<std::int64_t>(a << b)) : code_.fail(); // DW_OP_shl
    case 0x25:
      return b < 64 ? number(static_cast<std::int64_t>(a >> b)) : code_.fail(); // DW_OP_shr
    case 0x27:
      return number(static_cast<std::int64_t>(a ^ b)); // DW_OP_xor
    case 0x29:
      return number(left.offset == right.offset); // DW_OP_eq
    case 0x2a:
      return number(left.offset >= right.offset); // DW_OP_ge
    case 0x2b:
      return number(left.offset > right.offset); // DW_OP_gt
    case 0x2c:
      return number(left.offset <= right.offset); // DW_OP_le
    case 0x2d:
      return number(left.offset < right.offset); // DW_OP_lt
    case 0x2e:
      return number(left.offset != right.offset); // DW_OP_ne
    default:
      code_.fail();
    }
  }

  void step(std::uint8_t operation) {
    if (operation >= 0x30 && operation <= 0x4f) // DW_OP_lit0 ... lit31
      return number(operation - 0x30);
    if (operation >= 0x70 && operation <= 0x8f) // DW_OP_breg0 ... breg31
      return from_register(operation - 0x70u, code_.signed_leb());
    switch (operation) {
    case 0x06: { // DW_OP_deref
      Value value = pop();
      if (value.kind != Value::kSum)
        return code_.fail();
      value.kind = Value::kLoaded;
      return push(value);
    }
    case 0x08:
      return number(code_.byte());
    case 0x09:
      return number(code_.take<std::int8_t>());
    case 0x0a:
      return number(code_.take<std::uint16_t>());
    case 0x0b:
      return number(code_.take<std::int16_t>());
    case 0x0c:
      return number(code_.take<std::uint32_t>());
    case 0x0d:
      return number(code_.take<std::int32_t>());
    case 0x0e:
    case 0x0f:
      return number(code_.take<std::int64_t>());
    case 0x10:
      return number(static_cast<std::int64_t>(code_.leb()));
    case 0x11:
      return number(code_.signed_leb());
    case 0x12: { // DW_OP_dup
      Value value = pop();
      push(value);
      return push(value);
    }
    case 0x13:
      pop();
      return;    // DW_OP_drop
    case 0x16: { // DW_OP_swap
      Value first = pop(), second = pop();
      push(first);
      return push(second);
    }
    case 0x23:
      return add(pop(), {Value::kNumber, FrameRule::kStackPointer, static_cast<std::int64_t>(code_.leb()), 0});
    case 0x92: { // DW_OP_bregx
      std::uint64_t which = code_.leb();
      return from_register(which, code_.signed_leb());
    }
    case 0x96:
      return; // DW_OP_nop
    default:
      return arithmetic(operation);
    }
  }

  Bytes code_;
  std::uintptr_t pc_;
  Value stack_[kExpressionStack];
  std::size_t depth_ = 0;
};

// ---- rows

struct Column {
  enum Kind : std::uint8_t { kUnchanged, kUndefined, kAtCfa, kExpression, kOther } kind = kUnchanged;
  std::int64_t offset = 0;
  const std::uint8_t *code = nullptr; // of kExpression
  std::size_t size = 0;
};

struct Row {
  std::uint64_t cfa_register = ~std::uint64_t{0};
  std::int64_t cfa_offset = 0;
  const std::uint8_t *cfa_code = nullptr; // an expression instead
  std::size_t cfa_size = 0;
  Column frame_pointer, stack_pointer, return_address;

  Column *column(std::uint64_t number) {
    return number == arch::kDwarfFramePointer    ? &frame_pointer
           : number == arch::kDwarfStackPointer  ? &stack_pointer
           : number == arch::kDwarfReturnAddress ? &return_address
                                                 : nullptr;
  }
};

struct Cie {
  std::uint64_t code_factor;
  std::int64_t data_factor;
  std::uint8_t pointer_encoding = kAbsolute;
  bool augmented = false; // FDEs have augmentation data
  bool signal_frame = false;
  const std::uint8_t *program = nullptr;
  std::size_t program_size = 0;
};

struct Machine {
  const Cie &cie;
  std::uintptr_t header; // for pointer encodings
  std::uintptr_t location;
  std::uintptr_t target; // the row of this address is wanted
  Row row;
  Row initial; // what restore goes back to
  Row remembered[kRememberedStates] = {};
  std::size_t depth = 0;

  void set(std::uint64_t number, Column::Kind kind, std::int64_t offset = 0) {
    if (Column *column = row.column(number))
      *column = {kind, offset, nullptr, 0};
  }
  void set_expression(std::uint64_t number, Column::Kind kind, Bytes code) {
    if (Column *column = row.column(number))
      *column = {kind, 0, code.position(), code.left()};
  }
  void restore(std::uint64_t number) {
    if (Column *column = row.column(number))
      *column = *initial.column(number);
  }
  std::int64_t factored(std::uint64_t value) const { return static_cast<std::int64_t>(value) * cie.data_factor; }
  void define(std::uint64_t number, std::int64_t offset) {
    row.cfa_register = number;
    row.cfa_offset = offset;
    row.cfa_code = nullptr;
  }

  // Runs instructions until the location passes the target.  False for one that is not understood.
  bool run(Bytes code);
  bool instruction(std::uint8_t opcode, Bytes &code, bool &reached);
  bool advance(std::uint64_t delta, bool &reached) {
    std::uintptr_t next = location + delta * cie.code_factor;
    reached = next > target || next < location;
    location = next;
    return true;
  }
};

bool Machine::instruction(std::uint8_t opcode, Bytes &code, bool &reached) {
  std::uint8_t low = opcode & 0x3f;
  switch (opcode & 0xc0) {
  case 0x40:
    return advance(low, reached);
  case 0x80:
    set(low, Column::kAtCfa, factored(code.leb()));
    return true;
  case 0xc0:
    restore(low);
    return true;
  }
  switch (opcode) {
  case 0x00:
    return true; // DW_CFA_nop
  case 0x01: {   // DW_CFA_set_loc
    std::uintptr_t to = code.pointer(cie.pointer_encoding, header);
    reached = to > target;
    location = to;
    return true;
  }
  case 0x02:
    return advance(code.byte(), reached);
  case 0x03:
    return advance(code.take<std::uint16_t>(), reached);
  case 0x04:
    return advance(code.take<std::uint32_t>(), reached);
  case 0x05: { // DW_CFA_offset_extended
    std::uint64_t number = code.leb();
    set(number, Column::kAtCfa, factored(code.leb()));
    return true;
  }
  case 0x06:
    restore(code.leb());
    return true;
  case 0x07:
    set(code.leb(), Column::kUndefined);
    return true;
  case 0x08:
    set(code.leb(), Column::kUnchanged);
    return true;
  case 0x09: { // DW_CFA_register
    std::uint64_t number = code.leb();
    code.leb();
    set(number, Column::kOther);
    return true;
  }
  case 0x0a: // DW_CFA_remember_state
    if (depth == kRememberedStates)
      return false;
    remembered[depth++] = row;
    return true;
  case 0x0b: // DW_CFA_restore_state
    if (depth == 0)
      return false;
    row = remembered[--depth];
    return true;
  case 0x0c: { // DW_CFA_def_cfa
    std::uint64_t number = code.leb();
    define(number, static_cast<std::int64_t>(code.leb()));
    return true;
  }
  case 0x0d:
    define(code.leb(), row.cfa_offset);
    return true;
  case 0x0e:
    row.cfa_offset = static_cast<std::int64_t>(code.leb());
    return !row.cfa_code;
  case 0x0f: { // DW_CFA_def_cfa_expression
    Bytes expression = code.block(code.leb());
    row.cfa_code = expression.position();
    row.cfa_size = expression.left();
    return true;
  }
  case 0x10: { // DW_CFA_expression
    std::uint64_t number = code.leb();
    set_expression(number, Column::kExpression, code.block(code.leb()));
    return true;
  }
  case 0x11: { // DW_CFA_offset_extended_sf
    std::uint64_t number = code.leb();
    set(number, Column::kAtCfa, code.signed_leb() * cie.data_factor);
    return true;
  }
  case 0x12: { // DW_CFA_def_cfa_sf
    std::uint64_t number = code.leb();
    define(number, code.signed_leb() * cie.data_factor);
    return true;
  }
  case 0x13:
    row.cfa_offset = code.signed_leb() * cie.data_factor;
    return !row.cfa_code;
  case 0x14:   // DW_CFA_val_offset
  case 0x15: { // DW_CFA_val_offset_sf
    std::uint64_t number = code.leb();
    code.leb();
    set(number, Column::kOther);
    return true;
  }
  case 0x16: { // DW_CFA_val_expression
    std::uint64_t number = code.leb();
    code.block(code.leb());
    set(number, Column::kOther);
    return true;
  }
  case 0x2e:
    code.leb();
    return true; // DW_CFA_GNU_args_size
  case 0x2f: {   // DW_CFA_GNU_negative_offset_extended
    std::uint64_t number = code.leb();
    set(number, Column::kAtCfa, -factored(code.leb()));
    return true;
  }
  }
  return false;
}

bool Machine::run(Bytes code) {
  bool reached = false;
  while (!code.done()) {
    if (!instruction(code.byte(), code, reached) || code.failed())
      return false;
    if (reached)
      return true;
  }
  return !code.failed();
}

// ---- from a row to a rule

FrameRule::Base base_of(std::uint64_t number) {
  return number == arch::kDwarfStackPointer ? FrameRule::kStackPointer : FrameRule::kFramePointer;
}

bool set_cfa(const Row &row, std::uintptr_t pc, FrameRule &rule) {
  Value value{Value::kSum, FrameRule::kStackPointer, row.cfa_offset, 0};
  if (row.cfa_code) {
    if (!Expression(Bytes(row.cfa_code, row.cfa_size, 0), pc).evaluate(value) || value.kind == Value::kNumber)
      return false;
  } else {
    if (row.cfa_register != arch::kDwarfStackPointer && row.cfa_register != arch::kDwarfFramePointer)
      return false;
    value.base = base_of(row.cfa_register);
  }
  if (!fits(value.offset) || !fits(value.add))
    return false;
  rule.cfa_base = value.base;
  rule.cfa_indirect = value.kind == Value::kLoaded;
  rule.cfa_offset = static_cast<std::int32_t>(value.offset);
  rule.cfa_add = static_cast<std::int32_t>(value.add);
  return true;
}

bool set_frame_pointer(const Column &column, std::uintptr_t pc, FrameRule &rule) {
  Value value{Value::kSum, FrameRule::kCfa, column.offset, 0};
  switch (column.kind) {
  case Column::kUnchanged:
    rule.frame_pointer = FrameRule::kInRegister;
    return true;
  case Column::kUndefined:
  case Column::kOther:
    rule.frame_pointer = FrameRule::kLost;
    return true;
  case Column::kAtCfa:
    break;
  case Column::kExpression: {
    Expression expression(Bytes(column.code, column.size, 0), pc);
    expression.push(value); // DWARF 5, 6.4.2.3: the CFA is on the stack first; column.offset is 0
    if (!expression.evaluate(value) || value.kind != Value::kSum) {
      rule.frame_pointer = FrameRule::kLost;
      return true;
    }
  }
  }
  if (!fits(value.offset))
    return false;
  rule.frame_pointer = FrameRule::kInMemory;
  rule.frame_base = value.base;
  rule.frame_offset = static_cast<std::int32_t>(value.offset);
  return true;
}

FrameRule make_rule(const Row &row, std::uintptr_t pc) {
  FrameRule rule;
  if (row.return_address.kind == Column::kUndefined) {
    rule.kind = FrameRule::kOutermost;
    return rule;
  }
  // The caller's stack pointer must be the CFA, as it is after every call and return.
  if (row.stack_pointer.kind != Column::kUnchanged || row.return_address.kind != Column::kAtCfa ||
      !fits(row.return_address.offset) || !set_cfa(row, pc, rule) || !set_frame_pointer(row.frame_pointer, pc, rule))
    return {};
  rule.return_offset = static_cast<std::int32_t>(row.return_address.offset);
  rule.kind = FrameRule::kUsable;
  return rule;
}

// ---- entries

// The length word of an entry; 0 for the terminator, what is too long, or a 64-bit entry, which nobody makes.
std::size_t entry_bytes(CfiMemory memory, std::uintptr_t address, std::size_t limit) {
  std::uint32_t length = 0;
  if (!memory(address, &length, sizeof length) || length == 0xffffffff || length > limit)
    return 0;
  return length;
}

bool read_cie(CfiMemory memory, std::uintptr_t address, CfiScratch &scratch, Cie &cie) {
  std::size_t size = entry_bytes(memory, address, sizeof scratch.cie);
  if (size < 8 || !memory(address + 4, scratch.cie, size))
    return false;
  Bytes bytes(scratch.cie, size, address + 4);
  std::uint32_t id = bytes.take<std::uint32_t>();
  std::uint8_t version = bytes.byte();
  if (id != 0 || (version != 1 && version != 3))
    return false;
  char augmentation[8] = {};
  for (std::size_t i = 0;; ++i) {
    if (i == sizeof augmentation)
      return false;
    augmentation[i] = static_cast<char>(bytes.byte());
    if (!augmentation[i])
      break;
  }
  cie.code_factor = bytes.leb();
  cie.data_factor = bytes.signed_leb();
  std::uint64_t return_column = version == 1 ? bytes.byte() : bytes.leb();
  if (return_column != arch::kDwarfReturnAddress || (augmentation[0] && augmentation[0] != 'z'))
    return false;
  if (augmentation[0] == 'z') {
    cie.augmented = true;
    Bytes data = bytes.block(bytes.leb());
    for (const char *letter = augmentation + 1; *letter; ++letter) {
      switch (*letter) {
      case 'R':
        cie.pointer_encoding = data.byte();
        break;
      case 'P': {
        std::uint8_t encoding = data.byte();
        data.pointer(encoding & ~kIndirect, 0);
        break;
      }
      case 'L':
        data.byte();
        break;
      case 'S':
        cie.signal_frame = true;
        break;
      case 'B':
        break;
      default:
        return false;
      }
    }
    if (data.failed())
      return false;
  }
  cie.program = bytes.position();
  cie.program_size = bytes.left();
  return !bytes.failed();
}

FrameRule rule_of_fde(CfiMemory memory, std::uintptr_t header, std::uintptr_t address, std::uintptr_t pc,
                      CfiScratch &scratch) {
  std::size_t size = entry_bytes(memory, address, sizeof scratch.fde);
  if (size < 8 || !memory(address + 4, scratch.fde, size))
    return {};
  Bytes bytes(scratch.fde, size, address + 4);
  std::uint32_t back = bytes.take<std::uint32_t>();
  Cie cie;
  if (back == 0 || !read_cie(memory, address + 4 - back, scratch, cie) || cie.signal_frame)
    return {};
  std::uintptr_t begin = bytes.pointer(cie.pointer_encoding, header);
  std::uint64_t length = bytes.pointer(cie.pointer_encoding & 0x0f, 0);
  if (cie.augmented)
    bytes.block(bytes.leb());
  // A call can be a function's last instruction: what counts is where the call is, not where it returns to.
  std::uintptr_t call = pc - 1;
  if (bytes.failed() || call - begin >= length)
    return {};
  Machine machine{cie, header, begin, call, {}, {}};
  // Instructions of the CIE stand before any location.
  if (!machine.run(Bytes(cie.program, cie.program_size, 0)) || machine.location != begin)
    return {};
  machine.initial = machine.row;
  if (!machine.run(Bytes(bytes.position(), bytes.left(), bytes.address())))
    return {};
  return make_rule(machine.row, pc);
}

// The entry whose function begins last at or before `target`, from the header's sorted rows; 0 if there is none.
std::uintptr_t find_fde(CfiMemory memory, std::uintptr_t header, std::uintptr_t target, CfiScratch &scratch) {
  // What every linker writes: version, then how the three kinds of numbers are encoded.
  struct Start {
    std::uint8_t encoding[4];
    std::int32_t frames;
    std::uint32_t count;
  } start;
  const std::uint8_t usual[4] = {1, kPcRelative | kSigned4, kUnsigned4, kDataRelative | kSigned4};
  if (!memory(header, &start, sizeof start) || std::memcmp(start.encoding, usual, sizeof usual) != 0 ||
      start.count == 0 || start.count > (1u << 28))
    return 0;
  const std::uint64_t count = start.count;
  const std::uintptr_t rows = header + sizeof start;

  struct Entry {
    std::int32_t begin, fde;
  };
  static_assert(sizeof(Entry) == kRowBytes);
  // [low, high): the row wanted is the last that begins at or before the target.  Narrowed until it fits the buffer.
  constexpr std::uint64_t kBuffered = sizeof scratch.rows / kRowBytes;
  std::uint64_t low = 0, high = count;
  Entry entry;
  while (high - low > kBuffered) {
    std::uint64_t middle = low + (high - low) / 2;
    if (!memory(rows + middle * kRowBytes, &entry, sizeof entry))
      return 0;
    if (header + static_cast<std::intptr_t>(entry.begin) <= target)
      low = middle;
    else
      high = middle;
  }
  if (!memory(rows + low * kRowBytes, scratch.rows, (high - low) * kRowBytes))
    return 0;
  std::uintptr_t found = 0;
  for (std::uint64_t i = 0; i < high - low; ++i) {
    std::memcpy(&entry, scratch.rows + i * kRowBytes, sizeof entry);
    if (header + static_cast<std::intptr_t>(entry.begin) > target)
      break;
    found = header + static_cast<std::intptr_t>(entry.fde);
  }
  return found;
}

} // namespace

FrameRule find_frame_rule(CfiMemory memory, std::uintptr_t header, std::uintptr_t pc, CfiScratch &scratch) {
  std::uint8_t before[arch::kCallBytes];
  std::uintptr_t fde = find_fde(memory, header, pc - 1, scratch);
  if (!fde)
    return {};
  FrameRule rule = rule_of_fde(memory, header, fde, pc, scratch);
  // What is no return address came from a wrong frame.  Outermost frames are entered by jumps, too.
  if (rule.kind == FrameRule::kUsable &&
      (!memory(pc - sizeof before, before, sizeof before) || !arch::ends_in_call(before)))
    return {};
  return rule;
}

} // namespace wfp
