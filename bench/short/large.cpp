// "hello, world" in a program of more than 700 KB: regular expressions, formats and streams of the library, in two
// kinds of characters, of which nothing runs without an argument. Only Wasm: what start-up costs where there is much
// code.
#include <algorithm>
#include <deque>
#include <format>
#include <iomanip>
#include <iostream>
#include <list>
#include <map>
#include <random>
#include <regex>
#include <sstream>
#include <unordered_map>

namespace {

template <class Letter>
std::ptrdiff_t matches(const Letter* pattern, const std::basic_string<Letter>& text)
{
    const std::basic_regex<Letter> expression(pattern);
    const std::regex_iterator<typename std::basic_string<Letter>::const_iterator> all(text.begin(), text.end(),
                                                                                      expression);
    return std::distance(all, {}) + static_cast<std::ptrdiff_t>(std::regex_replace(text, expression, pattern).size());
}

void work_on(const std::string& text)
{
    const std::wstring wide(text.begin(), text.end());
    std::cout << matches("([0-9]+) ([a-z]+)", text) + matches(L"a|b", wide) << '\n';
    std::map<std::string, std::deque<double>> numbers;
    std::unordered_map<std::string, std::list<std::string>> words;
    std::stringstream input(text);
    for (std::string word; input >> word;) {
        numbers[word].push_back(std::strtod(word.c_str(), nullptr));
        words[word].push_front(word);
    }
    for (auto& [name, all] : numbers) {
        std::sort(all.begin(), all.end());
        std::cout << std::format("{:>10} {:.3f} {:#x}\n", name, all[0], all.size());
    }
    std::vector<std::string> names;
    for (auto& [name, all] : words) {
        names.push_back(name);
        all.sort();
    }
    std::mt19937 random(5);
    std::shuffle(names.begin(), names.end(), random);
    std::stable_sort(names.begin(), names.end());
    std::wcout << std::format(L"{} {:>8.2e} {}\n", wide, 3.25, true);
    std::wstringstream wide_input(wide);
    for (std::wstring word; wide_input >> word;)
        std::wcout << std::setw(12) << word << std::hexfloat << 3.5 << '\n';
    std::normal_distribution<> distribution;
    std::cout << distribution(random) << '\n';
}

} // namespace

int main(int count, char** words)
{
    if (count > 1)
        work_on(words[1]);
    std::cout << "hello, world\n";
}

// What Debian's compiler runtime for Wasm is built to call.
extern "C" {
unsigned long __stack_chk_guard = 1;
void __stack_chk_fail()
{
    __builtin_trap();
}
}
