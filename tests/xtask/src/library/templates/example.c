/* Opens the model @NAME@, runs it on an input of zeros and prints what it says. */
#include <stdio.h>

#include "@NAME@.h"

/* Too large for most stacks. */
static int8_t arena[@UPPER@_ARENA_LEN];
static int8_t input[@UPPER@_INPUT_LEN];

static int failed(baton_status status)
{
    if (status == BATON_STATUS_OK) {
        return 0;
    }
    fprintf(stderr, "%s\n", baton_status_text(status));
    return 1;
}

int main(void)
{
    baton_model model;
    if (failed(baton_open(&model, @NAME@_model, @UPPER@_MODEL_LEN, arena, sizeof arena))) {
        return 1;
    }

    /* In a loop of your own: an input, a run, an output. */
    if (failed(baton_set_values(&model, input, @UPPER@_INPUT_LEN)) || failed(baton_run(&model))) {
        return 1;
    }
    const int8_t *values;
    size_t count;
    if (failed(baton_values(&model, &values, &count))) {
        return 1;
    }
    for (size_t index = 0; index < count && index < 10; index++) {
        printf("value %u: %g\n", (unsigned)index,
               (values[index] - @UPPER@_OUTPUT_ZERO_POINT) * (double)@UPPER@_OUTPUT_SCALE);
    }
#if @UPPER@_CLASSES > 0
    baton_class best;
    if (failed(baton_best_class(&model, &best))) {
        return 1;
    }
    printf("class %u, probability %g%s\n", (unsigned)best.index, best.probability / 65536.0,
           best.accepted ? "" : ", not accepted");
#endif
    return 0;
}
