/* A plugin with one thing wrong with it: the macro that is defined. */

#include "assay_plugin.h"

static AssayStatus ask(const void *instance, uint32_t pass, const AssayHost *host, AssayMessage *message) {
    (void)instance;
    (void)pass;
    (void)host;
    (void)message;
    return ASSAY_OK;
}

#if !defined(NO_SCORE)
static AssayStatus score(const void *instance, const AssayHost *host, double *out, AssayMessage *message) {
    (void)instance;
    (void)host;
    (void)message;
    (void)out;
#if defined(STATUS)
    return 77;
#elif defined(MESSAGE_LENGTH)
    message->len = (size_t)1 << 40;
    return ASSAY_FAILED;
#else
    *out = 1.0;
    return ASSAY_OK;
#endif
}
#endif

#if defined(SETTING)
static const AssaySetting SETTINGS[] = {{.name = ASSAY_LITERAL("power"), .kind = 99}};
#endif

static const AssayProxy PROXIES[] = {{
#if defined(TAKEN_NAME)
    .name = ASSAY_LITERAL("snip"),
#elif defined(NOT_UTF8)
    .name = ASSAY_LITERAL("one\xff"),
#else
    .name = ASSAY_LITERAL("one"),
#endif
    .summary = ASSAY_LITERAL("always one"),
#if defined(SETTING)
    .settings = SETTINGS,
    .setting_count = 1,
#endif
    .ask = ask,
#if !defined(NO_SCORE)
    .score = score,
#endif
}};

#if defined(NO_SYMBOL)
ASSAY_EXPORT const AssayPlugin SOMETHING_ELSE = {
#else
ASSAY_EXPORT const AssayPlugin ASSAY_PLUGIN = {
#endif
#if defined(MAGIC)
    .magic = 42,
#else
    .magic = ASSAY_MAGIC,
#endif
#if defined(FUTURE_MAJOR)
    .abi_major = ASSAY_ABI_MAJOR + 1,
#else
    .abi_major = ASSAY_ABI_MAJOR,
#endif
#if defined(FUTURE_MINOR)
    .abi_minor = ASSAY_ABI_MINOR + 1,
#else
    .abi_minor = ASSAY_ABI_MINOR,
#endif
#if defined(LENGTH)
    .size = sizeof(AssayPlugin) - 8,
#else
    .size = sizeof(AssayPlugin),
#endif
#if defined(ENTRY_LENGTH)
    .proxy_size = sizeof(AssayProxy) - 8,
#else
    .proxy_size = sizeof(AssayProxy),
#endif
    .version = ASSAY_LITERAL("9.9.9"),
    .compiler = ASSAY_LITERAL("another compiler, version 1.2"),
    .proxies = PROXIES,
    .proxy_count = 1,
};
