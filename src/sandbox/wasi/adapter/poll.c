// poll_oneoff: waits until one of a list of clocks and descriptors is due.
#include "files.h"

enum { most_subscriptions = 65536 };

/// One subscription while it is waited for.
struct waiting {
    handle_t pollable; ///< 0: the event is there already
    struct event event;
};

static errno_t nanoseconds_until(const struct subscription* subscription, uint64_t* nanoseconds)
{
    struct datetime wall;
    *nanoseconds = subscription->timeout;
    if (subscription->id > CLOCK_MONOTONIC || (subscription->flags & ~SUBSCRIPTION_CLOCK_ABSTIME))
        return ERRNO_INVAL;
    if (!(subscription->flags & SUBSCRIPTION_CLOCK_ABSTIME))
        return ERRNO_SUCCESS;
    if (subscription->id == CLOCK_REALTIME)
        wall_now(&wall);
    const uint64_t now = subscription->id == CLOCK_REALTIME ? nanoseconds_of(&wall) : monotonic_now();
    *nanoseconds = subscription->timeout > now ? subscription->timeout - now : 0;
    return ERRNO_SUCCESS;
}

static errno_t subscribe_clock(const struct subscription* subscription, struct waiting* waiting)
{
    uint64_t nanoseconds;
    TRY(nanoseconds_until(subscription, &nanoseconds));
    waiting->pollable = monotonic_subscribe(nanoseconds);
    return ERRNO_SUCCESS;
}

static uint64_t bytes_left(const struct descriptor* file)
{
    struct file_stat_result status;
    descriptor_stat(file->handle, &status);
    return !status.is_error && status.value.size > file->position ? status.value.size - file->position : 0;
}

/// Files are always ready.
static errno_t subscribe_descriptor(const struct subscription* subscription, struct waiting* waiting)
{
    struct descriptor* descriptor;
    const bool reads = subscription->tag == EVENT_FD_READ;
    TRY(find_stream(subscription->id, RIGHT_POLL_FD_READWRITE, &descriptor));
    TRY(find(subscription->id, reads ? RIGHT_FD_READ : RIGHT_FD_WRITE, &descriptor));
    if (descriptor->kind == KIND_STANDARD)
        waiting->pollable = reads ? input_subscribe(stream_of(descriptor)) : output_subscribe(stream_of(descriptor));
    else if (reads)
        waiting->event.bytes = bytes_left(descriptor);
    return ERRNO_SUCCESS;
}

/// What can't be waited for is an event at once, with its error.
static void subscribe(const struct subscription* subscription, struct waiting* waiting)
{
    errno_t error = ERRNO_INVAL;
    *waiting = (struct waiting){.event = {.userdata = subscription->userdata, .type = subscription->tag}};
    if (subscription->tag == EVENT_CLOCK)
        error = subscribe_clock(subscription, waiting);
    else if (subscription->tag == EVENT_FD_READ || subscription->tag == EVENT_FD_WRITE)
        error = subscribe_descriptor(subscription, waiting);
    waiting->event.error = (uint16_t)error;
}

/// Waits for one of them, but not if there are events without that; marks those that are due.
static void wait_for_any(struct waiting* list, uint32_t count)
{
    handle_t* const pollables = allocate((count + 1) * sizeof(handle_t), sizeof(handle_t));
    uint32_t* const indices = allocate((count + 1) * sizeof(uint32_t), sizeof(uint32_t));
    uint32_t waited = 0;
    struct list ready;
    for (uint32_t i = 0; i < count; ++i) {
        if (list[i].pollable == 0)
            continue;
        pollables[waited] = list[i].pollable;
        indices[waited++] = i;
    }
    if (waited == 0)
        return;
    const bool may_wait = waited == count;
    if (!may_wait)
        pollables[waited] = monotonic_subscribe(0);
    poll_list(pollables, waited + !may_wait, &ready);
    for (uint32_t i = 0; i < waited + !may_wait; ++i)
        pollable_drop(pollables[i]);
    for (size_t i = 0; i < ready.length; ++i) {
        const uint32_t index = ((const uint32_t*)ready.data)[i];
        if (index < waited)
            list[indices[index]].pollable = 0;
    }
}

EXPORT(poll_oneoff)
errno_t poll_oneoff(guest_address subscriptions, guest_address events, uint32_t count, guest_address occurred)
{
    uint32_t happened = 0;
    begin_call();
    if (count == 0 || count > most_subscriptions)
        return ERRNO_INVAL;
    if (!guest_has(subscriptions, (uint64_t)count * sizeof(struct subscription)) ||
        !guest_has(events, (uint64_t)count * sizeof(struct event)) || !guest_has(occurred, sizeof happened))
        return ERRNO_FAULT;
    struct waiting* const list = allocate(count * sizeof(struct waiting), sizeof(uint64_t));
    for (uint32_t i = 0; i < count; ++i) {
        struct subscription subscription;
        guest_read(&subscription, subscriptions + i * sizeof subscription, sizeof subscription);
        subscribe(&subscription, &list[i]);
    }
    wait_for_any(list, count);
    for (uint32_t i = 0; i < count; ++i)
        if (list[i].pollable == 0)
            guest_write(events + happened++ * sizeof(struct event), &list[i].event, sizeof(struct event));
    guest_write(occurred, &happened, sizeof happened);
    return ERRNO_SUCCESS;
}
