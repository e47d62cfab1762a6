// Walks over a layer: for each group of output channels, output row and column the kernel's rows, columns and input groups, one step a
// cycle; says what the place is, and where its pixel lies in the image. Running counters; nothing is multiplied.
module pixel_walk #(
  parameter BITS = 16  // Of extents.
) (
  input  wire clock,
  input  wire begin_layer,
  input  wire step,       // Go to the next step of the pixel.
  input  wire pixel_end,  // Go to the next pixel, whatever the step.
  input  wire [BITS-1:0] in_height, in_width, out_height, out_width, out_groups, kernel_height, kernel_width, step_groups,
  input  wire [BITS-1:0] stride_y, stride_x, pad_top, pad_left,
  // This step is the last
  output wire last_of_row,  // of its kernel row,
  output wire last_step,    // of its pixel.
  // The pixel is the last
  output wire line_end,     // of its row,
  output wire group_end,    // of its group,
  output wire layer_end,    // of the layer.
  output wire in_image        // The input pixel is in the image.
);
  localparam ONE = 1;
  localparam [BITS-1:0] one = ONE[BITS-1:0];

  // How many are left, this one counted.
  reg [BITS-1:0] groups_left, columns_left, rows_left, xs_left, ys_left, outputs_left;
  wire last_group = groups_left == one;
  assign last_of_row = last_group && columns_left == one;
  assign last_step = last_of_row && rows_left == one;
  assign line_end = xs_left == one;
  assign group_end = line_end && ys_left == one;
  assign layer_end = group_end && outputs_left == one;

  // Coordinates in the image, modulo 2^(BITS + 1): what is left of it or above it is far beyond its end.
  reg [BITS:0] row, column, first_row, first_column;
  assign in_image = row < {1'b0, in_height} && column < {1'b0, in_width};
  wire [BITS:0] top = -{1'b0, pad_top}, left = -{1'b0, pad_left};
  wire [BITS:0] next_first_row = group_end ? top : line_end ? first_row + {1'b0, stride_y} : first_row;
  wire [BITS:0] next_first_column = line_end ? left : first_column + {1'b0, stride_x};

  always @(posedge clock) begin
    if (begin_layer || pixel_end) begin
      groups_left <= step_groups;
      columns_left <= kernel_width;
      rows_left <= kernel_height;
    end else if (step) begin
      groups_left <= last_group ? step_groups : groups_left - one;
      if (last_group) columns_left <= last_of_row ? kernel_width : columns_left - one;
      if (last_of_row) rows_left <= rows_left - one;
    end

    if (begin_layer) begin
      xs_left <= out_width;
      ys_left <= out_height;
      outputs_left <= out_groups;
    end else if (pixel_end) begin
      xs_left <= line_end ? out_width : xs_left - one;
      if (line_end) ys_left <= group_end ? out_height : ys_left - one;
      if (group_end) outputs_left <= outputs_left - one;
    end

    if (begin_layer) begin
      row <= top;
      first_row <= top;
      column <= left;
      first_column <= left;
    end else if (pixel_end) begin
      row <= next_first_row;
      first_row <= next_first_row;
      column <= next_first_column;
      first_column <= next_first_column;
    end else if (step) begin
      if (last_of_row) row <= row + {{BITS{1'b0}}, 1'b1};
      if (last_group) column <= last_of_row ? first_column : column + {{BITS{1'b0}}, 1'b1};
    end
  end
endmodule
