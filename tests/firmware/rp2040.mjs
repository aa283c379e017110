// Runs the firmware of the Pico as it is flashed, on the RP2040 that the npm package rp2040js emulates, and serves its first
// UART to one program after the other on a socket.
//
// node rp2040.mjs FOLDER-OF-PACKAGES FIRMWARE.elf SOCKET

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';

const [packages, firmware, socket] = process.argv.slice(2);
const entry = pathToFileURL(`${packages}/node_modules/rp2040js/dist/esm/index.js`);
const { ConsoleLogger, LogLevel, Simulator } = await import(entry);

const FLASH = 0x10000000;
const MEMORY_END = 0x20042000;
const SECOND_STAGE_LEN = 256;
const CYCLES_AT_ONCE = 100_000;

const { clock, rp2040: chip } = new Simulator();
chip.logger = new ConsoleLogger(LogLevel.Error);
flash(readFileSync(firmware));
boot();

const uart = chip.uart[0];
const received = [];
let host = null;
uart.onByte = (byte) => host?.write(Uint8Array.of(byte));
// What the firmware says before anybody listens is lost, as on a board.
createServer((connection) => {
  host = connection;
  connection.setNoDelay(true);
  connection.on('data', (bytes) => received.push(...bytes));
  connection.on('error', () => connection.destroy());
  connection.on('close', () => (host = host === connection ? null : host));
}).listen(socket);
run();

// Writes the parts of an ELF file that lie in flash, each where it is stored.
function flash(elf) {
  const [headers, size, count] = [elf.readUInt32LE(28), elf.readUInt16LE(42), elf.readUInt16LE(44)];
  for (let at = headers; at < headers + size * count; at += size) {
    const [type, offset, , address, length] = [0, 4, 8, 12, 16].map((field) => elf.readUInt32LE(at + field));
    if (type === 1 && length > 0 && address >= FLASH) {
      chip.flash.set(elf.subarray(offset, offset + length), address - FLASH);
    }
  }
}

// Does what the chip's ROM does, which the package has not: it copies the second stage to the end of memory and calls it. That
// sets up the flash and goes on to the vector table behind it, as a bootloader does when its link register is 0.
function boot() {
  const place = MEMORY_END - SECOND_STAGE_LEN;
  chip.sram.set(chip.flash.subarray(0, SECOND_STAGE_LEN), place - 0x20000000);
  chip.core.SP = place;
  chip.core.LR = 0;
  chip.core.PC = place;
}

// Runs the firmware in turns with everything else. A byte arrives when there is room for it.
function run() {
  const nanoseconds = 1e9 / chip.clkSys;
  for (let cycles = 0; cycles < CYCLES_AT_ONCE; ) {
    while (received.length > 0 && !uart.rxFIFO.full) {
      uart.feedByte(received.shift());
    }
    const taken = chip.core.executeInstruction();
    clock.tick(taken * nanoseconds);
    cycles += taken;
  }
  setImmediate(run);
}
