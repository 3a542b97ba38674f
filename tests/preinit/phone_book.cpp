// A C++ program whose globals have constructors: they must not run again over what the initialisation made. So it
// begins with a function that only goes on, as docs/reference/preinit.md says.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

extern "C" {
void __wasm_call_ctors();
void __wasm_call_dtors();
int __main_void();
}

namespace {

struct Loud {
    Loud() { constructed = ++count; }
    static inline int count = 0;
    int constructed;
};

Loud loud;
std::map<std::string, std::string> numbers = {{"nobody", "0"}};

} // namespace

extern "C" __attribute__((export_name("wizer-initialize"))) void initialise()
{
    __wasm_call_ctors();
    for (int i = 0; i < 5000; ++i)
        numbers["name " + std::to_string(i)] = std::to_string(i * 7919);
}

extern "C" __attribute__((export_name("resume"))) void resume()
{
    const int code = __main_void();
    __wasm_call_dtors();
    std::exit(code);
}

int main(int count, char** arguments)
{
    std::printf("%zu numbers, constructed %d times, %s has %s\n", numbers.size(), Loud::count,
                count > 1 ? arguments[1] : "nobody", numbers[count > 1 ? arguments[1] : "nobody"].c_str());
    return 3;
}
