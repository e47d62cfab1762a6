#ifndef BOARD_H_
#define BOARD_H_

/* What startup.c offers the program. */

#include <stdint.h>

void board_print(const char *text);
/* "name number\n" */
void board_print_number(const char *name, uint32_t number);
void board_exit(int code);

/* Ticks of 25 MHz since board_start_clock, for at most 2^32 of them. */
void board_start_clock(void);
uint32_t board_ticks(void);

#endif
