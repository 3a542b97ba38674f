#include "base/result.hpp"

#include "base/format.hpp"

namespace trellis {

std::string Error::describe() const
{
    return offset ? format("{} (at offset {:#x})", message, *offset) : message;
}

} // namespace trellis
