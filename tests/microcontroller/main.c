/* Runs the network "net" on the images of samples.h and compares every bit of its outputs with those there. Copyright the lowbit
 * authors. */

#include <string.h>

#include "net.h"
#include "samples.h"
#include "tests/microcontroller/board.h"

static uint32_t workspace[NET_WORKSPACE_SIZE / 4];
static float output[NET_OUTPUT_SIZE];

int main(void) {
  uint32_t different = 0, ticks = 0;
  for (int i = 0; i < SAMPLES; ++i) {
    memset(workspace, i * 85, sizeof workspace);
    board_start_clock();
    net_run(inputs[i], output, workspace);
    ticks = board_ticks();
    for (int j = 0; j < NET_OUTPUT_SIZE; ++j) {
      uint32_t bits;
      memcpy(&bits, &output[j], sizeof bits);
      different += bits != outputs[i][j];
    }
  }
  board_print_number("outputs", SAMPLES * NET_OUTPUT_SIZE);
  board_print_number("different", different);
  /* The emulator takes a nanosecond for an instruction, its clock ticks at 25 MHz. */
  board_print_number("thousand instructions", ticks / 25);
  return different != 0;
}
