/* What a Cortex-M of the emulator needs around main: a vector table, the processor's floating-point unit, and semihosting, by which a
 * program under an emulator or a debugger prints and ends. Copyright the lowbit authors. */

#include <stdint.h>

#include "tests/microcontroller/board.h"

extern uint32_t stack_end, data_load, data_start, data_end, bss_start, bss_end;
int main(void);

static int semihost(int operation, const void *argument) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void board_print(const char *text) { semihost(0x04, text); }

void board_print_number(const char *name, uint32_t number) {
  char text[16];
  char *at = text + sizeof text;
  *--at = '\0';
  *--at = '\n';
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  board_print(name);
  board_print(" ");
  board_print(at);
}

void board_exit(int code) {
  /* ADP_Stopped_ApplicationExit, with the code by the extended call. */
  const uint32_t block[2] = {0x20026, (uint32_t)code};
  semihost(0x20, block);
  for (;;) {
  }
}

/* The boards' first timer (control, value, reload) counts 32 bits down. */
#define TIMER ((volatile uint32_t *)0x40000000)
void board_start_clock(void) {
  TIMER[0] = 0;
  TIMER[2] = 0xffffffff;
  TIMER[1] = 0xffffffff;
  TIMER[0] = 1;
}
uint32_t board_ticks(void) { return 0xffffffff - TIMER[1]; }

static void reset(void) {
#if defined(__ARM_FP)
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: coprocessors 10 and 11 */
  __asm__ volatile("dsb; isb");
#endif
  const uint32_t *from = &data_load;
  for (uint32_t *to = &data_start; to < &data_end; ++to) *to = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end; ++to) *to = 0;
  board_exit(main());
}

static void fault(void) {
  board_print("fault\n");
  board_exit(3);
}

struct vector_table {
  const void *stack;
  void (*handlers[6])(void);
};
__attribute__((section(".vectors"), used))
const struct vector_table vectors = {&stack_end, {reset, fault, fault, fault, fault, fault}};
