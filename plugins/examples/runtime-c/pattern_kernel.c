/* pattern-kernel: the log-determinant of how many ReLU units agree for each pair of images (NASWOT; Mellor et al., ICML 2021),
 * as a shared library:
 *
 *     cc -shared -fPIC -O2 -I ../../sdk/include pattern_kernel.c -lm -o libpattern_kernel.so
 */

#include "assay_plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static AssayStatus ask(const void *instance, uint32_t pass, const AssayHost *host, AssayMessage *message) {
    (void)instance;
    (void)message;
    return host->ask_patterns(host->context, pass) == ASSAY_OK ? ASSAY_OK : ASSAY_HOST_FAILED;
}

static AssayStatus undefined(AssayMessage *message, const char *because) {
    int length = snprintf(message->data, message->capacity, "%s", because);
    message->len = (size_t)length < message->capacity ? (size_t)length : message->capacity - 1;
    return ASSAY_UNDEFINED;
}

/* How many bits are set, counted in pairs, then in fours, then in bytes. */
static uint64_t bits(uint64_t word) {
    word -= (word >> 1) & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (word * 0x0101010101010101u) >> 56;
}

/* In place: the Cholesky factor of a symmetric matrix, and the logarithm of its determinant; NaN where it is singular. */
static double log_determinant(double *matrix, size_t order) {
    double sum = 0;
    for (size_t column = 0; column < order; column++) {
        double pivot = matrix[column * order + column];
        for (size_t k = 0; k < column; k++) {
            pivot -= matrix[column * order + k] * matrix[column * order + k];
        }
        if (!(pivot > 0)) {
            return NAN;
        }
        double root = sqrt(pivot);
        matrix[column * order + column] = root;
        sum += 2 * log(root);
        for (size_t row = column + 1; row < order; row++) {
            double value = matrix[row * order + column];
            for (size_t k = 0; k < column; k++) {
                value -= matrix[row * order + k] * matrix[column * order + k];
            }
            matrix[row * order + column] = value / root;
        }
    }
    return sum;
}

static AssayStatus score(const void *instance, const AssayHost *host, double *out, AssayMessage *message) {
    (void)instance;
    AssayPatterns patterns;
    if (host->patterns(host->context, 0, &patterns) != ASSAY_OK) {
        return ASSAY_HOST_FAILED;
    }
    size_t images = patterns.images, words = patterns.words_a_row;
    double *kernel = malloc(images * images * sizeof *kernel);
    if (kernel == NULL) {
        undefined(message, "there is no memory for the kernel");
        return ASSAY_FAILED;
    }
    for (size_t one = 0; one < images; one++) {
        const uint64_t *row = patterns.words.data + one * words;
        /* Only the lower triangle is read. */
        for (size_t other = 0; other <= one; other++) {
            const uint64_t *column = patterns.words.data + other * words;
            uint64_t differing = 0;
            for (size_t word = 0; word < words; word++) {
                differing += bits(row[word] ^ column[word]);
            }
            kernel[one * images + other] = (double)(patterns.units - differing);
        }
    }
    double found = log_determinant(kernel, images);
    free(kernel);
    if (isnan(found)) {
        return undefined(message, "the kernel is singular");
    }
    *out = found;
    return ASSAY_OK;
}

static const AssayProxy PROXIES[] = {{
    .name = ASSAY_LITERAL("pattern-kernel"),
    .summary = ASSAY_LITERAL("log-determinant of the kernel of ReLU patterns (NASWOT, Mellor et al., ICML 2021)"),
    .flags = ASSAY_PASS_SETTINGS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .ask = ask,
    .score = score,
}};

ASSAY_EXPORT const AssayPlugin ASSAY_PLUGIN = {
    .magic = ASSAY_MAGIC,
    .abi_major = ASSAY_ABI_MAJOR,
    .abi_minor = ASSAY_ABI_MINOR,
    .size = sizeof(AssayPlugin),
    .proxy_size = sizeof(AssayProxy),
    .version = ASSAY_LITERAL("0.1.0"),
    .compiler = ASSAY_LITERAL(__VERSION__),
    .proxies = PROXIES,
    .proxy_count = sizeof PROXIES / sizeof PROXIES[0],
};
