// Calls everything that the other component has.
#include "user.h"

uint32_t exports_user_sum(uint32_t a, uint32_t b)
{
    return example_shop_counter_add(a, b);
}

void exports_user_greet(user_string_t* name, user_string_t* ret)
{
    example_shop_counter_shout(name, ret);
    user_string_free(name);
}

/// Two tallies of the other component: one is lent, one is given away and comes back.
uint32_t exports_user_tallied(uint32_t a, uint32_t b)
{
    const example_shop_counter_own_tally_t first = example_shop_counter_constructor_tally(a);
    const example_shop_counter_own_tally_t second = example_shop_counter_constructor_tally(b);
    const example_shop_counter_own_tally_t both =
        example_shop_counter_joined(example_shop_counter_borrow_tally(first), second);
    const uint32_t count = example_shop_counter_method_tally_add(example_shop_counter_borrow_tally(both), 1);
    example_shop_counter_tally_drop_own(first);
    example_shop_counter_tally_drop_own(both);
    return count;
}

void exports_user_failing(void)
{
    example_shop_counter_give_up();
}
