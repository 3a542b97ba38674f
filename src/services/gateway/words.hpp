// Words of a text between white space, as Unicode has it: what WAGI splits its templates and tables with. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace trellis::gateway {

std::vector<std::string_view> words_of(std::string_view text);

} // namespace trellis::gateway
