// Has what the other component calls.
#include "maker.h"

#include <stdlib.h>

struct exports_example_shop_counter_tally_t {
    uint32_t count;
};

exports_example_shop_counter_own_tally_t exports_example_shop_counter_constructor_tally(uint32_t start)
{
    exports_example_shop_counter_tally_t* tally = malloc(sizeof *tally);
    tally->count = start;
    return exports_example_shop_counter_tally_new(tally);
}

uint32_t exports_example_shop_counter_method_tally_add(exports_example_shop_counter_borrow_tally_t self, uint32_t count)
{
    return self->count += count;
}

void exports_example_shop_counter_tally_destructor(exports_example_shop_counter_tally_t* rep)
{
    free(rep);
}

uint32_t exports_example_shop_counter_add(uint32_t a, uint32_t b)
{
    return a + b;
}

void exports_example_shop_counter_shout(maker_string_t* text, maker_string_t* ret)
{
    maker_string_dup_n(ret, (const char*)text->ptr, text->len);
    for (size_t i = 0; i < ret->len; ++i)
        if (ret->ptr[i] >= 'a' && ret->ptr[i] <= 'z')
            ret->ptr[i] -= 'a' - 'A';
    maker_string_free(text);
}

exports_example_shop_counter_own_tally_t
exports_example_shop_counter_joined(exports_example_shop_counter_borrow_tally_t other,
                                    exports_example_shop_counter_own_tally_t kept)
{
    exports_example_shop_counter_tally_rep(kept)->count += other->count;
    return kept;
}

void exports_example_shop_counter_give_up(void)
{
    __builtin_trap();
}
