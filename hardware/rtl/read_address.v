// The addresses that go with pixel_walk: of the activations, the weights, and the skip tensor. Sums of pitches that the host worked out,
// modulo the memory's size.
module read_address #(
  parameter ACTIVATION_ADDRESS_BITS = 11,
  parameter WEIGHT_ADDRESS_BITS = 10
) (
  input  wire clock,
  input  wire begin_layer,
  input  wire step, pixel_end, last_of_row, line_end, group_end,
  input  wire pool,
  input  wire [ACTIVATION_ADDRESS_BITS-1:0] start, step_pitch, kernel_row_pitch, column_pitch, row_pitch,
  input  wire [ACTIVATION_ADDRESS_BITS-1:0] skip_start, skip_row_pitch, skip_column_pitch,
  input  wire [WEIGHT_ADDRESS_BITS-1:0] weight_base,
  output reg  [ACTIVATION_ADDRESS_BITS-1:0] activation,
  output reg  [ACTIVATION_ADDRESS_BITS-1:0] skip,
  output reg  [WEIGHT_ADDRESS_BITS-1:0] weight
);
  localparam ONE = 1;

  // Where the kernel's row, the pixel, the output's row and the group of output channels begin.
  reg [ACTIVATION_ADDRESS_BITS-1:0] kernel_row, pixel, line, group, skip_line, skip_group;
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_kernel_row = kernel_row + kernel_row_pitch;
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_group = group + {{(ACTIVATION_ADDRESS_BITS - 1) {1'b0}}, pool};
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_line = line + row_pitch;
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_pixel =
      group_end ? next_group : line_end ? next_line : pixel + column_pitch;
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_skip_group = skip_group + ONE[ACTIVATION_ADDRESS_BITS-1:0];
  wire [ACTIVATION_ADDRESS_BITS-1:0] next_skip_line = skip_line + skip_row_pitch;
  reg [WEIGHT_ADDRESS_BITS-1:0] weight_group;
  wire [WEIGHT_ADDRESS_BITS-1:0] next_weight = step ? weight + ONE[WEIGHT_ADDRESS_BITS-1:0] : weight;

  always @(posedge clock) begin
    if (begin_layer) begin
      activation <= start;
      kernel_row <= start;
      pixel <= start;
      line <= start;
      group <= start;
      skip <= skip_start;
      skip_line <= skip_start;
      skip_group <= skip_start;
      weight <= weight_base;
      weight_group <= weight_base;
    end else if (pixel_end) begin
      activation <= next_pixel;
      kernel_row <= next_pixel;
      pixel <= next_pixel;
      if (line_end) line <= next_pixel;
      skip <= group_end ? next_skip_group : line_end ? next_skip_line : skip + skip_column_pitch;
      if (line_end) skip_line <= group_end ? next_skip_group : next_skip_line;
      if (group_end) begin
        group <= next_group;
        skip_group <= next_skip_group;
        weight_group <= next_weight;
      end
      weight <= group_end ? next_weight : weight_group;
    end else if (step) begin
      activation <= last_of_row ? next_kernel_row : activation + step_pitch;
      if (last_of_row) kernel_row <= next_kernel_row;
      weight <= next_weight;
    end
  end
endmodule
