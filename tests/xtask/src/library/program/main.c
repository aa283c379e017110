/* Runs the model on inputs, and prints a checksum of all that it says of them. */
#include "baton.h"
#include "inputs.h"

#ifdef HOSTED
#include <stdio.h>
#else
void _start(void);
extern uint32_t stack_top;

/* The first words of the flash of an Arm microcontroller: where its stack begins, and what it starts. */
typedef struct {
    uint32_t *stack;
    void (*start)(void);
} vectors;
const vectors at_start __attribute__((section(".vectors"), used)) = {&stack_top, _start};

/* A call of whoever debugs the processor, here its emulator. */
static uint32_t debugger(uint32_t operation, uint32_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
#endif

static int8_t arena[ARENA_LEN];
static baton_model model;

/* CRC-32 as in zip and PNG, of which this is the state before the last inversion. */
static uint32_t crc = 0xffffffff;

static void add_byte(uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ ((crc & 1) ? 0xedb88320 : 0);
    }
}

static void add_word(uint32_t word)
{
    for (int shift = 0; shift < 32; shift += 8) {
        add_byte((uint8_t)(word >> shift));
    }
}

static baton_status run(const uint8_t *input)
{
    baton_status status;
    if (TAKES_PICTURES) {
        status = baton_set_pixels(&model, input, INPUT_COLUMNS, INPUT_ROWS, INPUT_CHANNELS);
    } else {
        status = baton_set_values(&model, (const int8_t *)input, INPUT_LEN);
    }
    if (status != BATON_STATUS_OK || (status = baton_run(&model)) != BATON_STATUS_OK) {
        return status;
    }
    const int8_t *values;
    size_t count;
    if ((status = baton_values(&model, &values, &count)) != BATON_STATUS_OK) {
        return status;
    }
    for (size_t index = 0; index < count; index++) {
        add_byte((uint8_t)values[index]);
    }
    baton_class best;
    status = baton_best_class(&model, &best);
    if (status == BATON_STATUS_OK) {
        add_word(best.index);
        add_word(best.probability);
        add_byte(best.accepted);
    }
    if ((status == BATON_STATUS_OK) != (CLASSES > 0)) {
        return BATON_STATUS_OUTPUT_KIND;
    }
    baton_reconstruction found;
    status = baton_compare(&model, &found);
    if (status == BATON_STATUS_OK) {
        add_byte(found.accepted);
    }
    return (status == BATON_STATUS_OK) != RECONSTRUCTS ? BATON_STATUS_OUTPUT_KIND : BATON_STATUS_OK;
}

static baton_status run_all(void)
{
    baton_status status = baton_open(&model, MODEL, MODEL_LEN, arena, sizeof arena);
    for (size_t index = 0; index < sizeof inputs / sizeof *inputs && status == BATON_STATUS_OK; index++) {
        status = run(inputs[index]);
    }
    return status;
}

/* The status and the checksum. */
static void print(char *text, uint32_t number)
{
    for (int digit = 0; digit < 8; digit++) {
        text[digit] = "0123456789abcdef"[(number >> (28 - 4 * digit)) & 15];
    }
}

static char line[] = "........ ........\n";

#ifdef HOSTED
int main(void)
{
    print(line, (uint32_t)run_all());
    print(line + 9, ~crc);
    fputs(line, stdout);
    return 0;
}
#else
void _start(void)
{
    print(line, (uint32_t)run_all());
    print(line + 9, ~crc);
    /* SYS_OPEN of the standard output, SYS_WRITE, and SYS_EXIT with ADP_Stopped_ApplicationExit. */
    static const char output[] = ":tt";
    const uint32_t open[] = {(uint32_t)output, 4, sizeof output - 1};
    const uint32_t write[] = {debugger(0x01, (uint32_t)open), (uint32_t)line, sizeof line - 1};
    debugger(0x05, (uint32_t)write);
    debugger(0x18, 0x20026);
    for (;;) {
    }
}
#endif
