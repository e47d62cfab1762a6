/* Classifies images with a network that `lowbit compile NET.lbm -o net.c --input uint8` has written:
 *
 *   cc -O2 -o classify compiled_network.c net.c -lm
 *   classify <images
 *
 * Images are bytes, 0 to 255, channel by channel, row by row, one behind the other. Prints the class of each, a line each. On a
 * microcontroller the image comes from a camera; net_run, the two arrays and the workspace are the same. */

#include <stdio.h>

#include "net.h"

static uint8_t image[NET_INPUT_SIZE];
static float scores[NET_OUTPUT_SIZE];
static uint32_t workspace[NET_WORKSPACE_SIZE / 4];

int main(void) {
  while (fread(image, 1, sizeof image, stdin) == sizeof image) {
    net_run(image, scores, workspace);
    int best = 0;
    for (int c = 1; c < NET_OUTPUT_SIZE; ++c) best = scores[c] > scores[best] ? c : best;
    printf("%d\n", best);
  }
  return 0;
}
