/* A plugin for QEMU's user emulation of aarch64: when the program ends, it writes on standard error how many instructions
 * ran, and how many of them loaded vectors of several structures at once (LD2, LD3, LD4), which take far longer than others.
 *
 * The interface is version 1 of https://www.qemu.org/docs/master/devel/tcg-plugins.html, of which Debian packages no header.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);

/* Adds a number to a counter of 64 bits. */
enum { ADD = 0 };

EXPORT int qemu_plugin_version = 1;

static uint64_t instructions, structure_loads;

/* Bits 22 to 31 without Q (30) and the post-index (23) tell loads of several structures, bits 12 to 15 how many: 0 is LD4,
 * 4 LD3, 8 LD2. */
static int is_structure_load(uint32_t word) {
    uint32_t count = word >> 12 & 15;
    return (word & 0xbf400000) == 0x0c400000 && (count == 0 || count == 4 || count == 8);
}

static void translate(plugin_id id, struct qemu_plugin_tb *block) {
    size_t count = qemu_plugin_tb_n_insns(block);
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &instructions, count);
    for (size_t at = 0; at < count; at++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, at);
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(instruction), sizeof word);
        if (is_structure_load(word)) {
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD, &structure_loads, 1);
        }
    }
}

static void end(plugin_id id, void *nothing) {
    (void)id;
    (void)nothing;
    fprintf(stderr, "instructions %llu\nstructure loads %llu\n", (unsigned long long)instructions,
            (unsigned long long)structure_loads);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, end, 0);
    return 0;
}
