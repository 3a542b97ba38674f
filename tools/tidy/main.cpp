#include "rules.hpp"

#include <cstdio>

int main(int count, char** arguments)
{
    using namespace trellis::tidy;
    if (count != 2) {
        std::fprintf(stderr, "usage: tidy ROOT_OF_THE_CHECKOUT\n");
        return 2;
    }
    const auto tree = Tree::read(arguments[1]);
    if (!tree.has_value()) {
        std::fprintf(stderr, "tidy: %s\n", tree.error().describe().c_str());
        return 2;
    }
    const Findings findings = check(*tree);
    for (const Finding& finding : findings)
        std::fprintf(stderr, "%s:%zu: %s\n", finding.path.c_str(), finding.line, finding.message.c_str());
    std::printf("tidy: %zu files, %zu rules, %zu findings\n", tree->files.size(), rules().size(), findings.size());
    return findings.empty() ? 0 : 1;
}
