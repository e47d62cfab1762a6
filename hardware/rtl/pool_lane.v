// The greatest number of one lane so far, by rank.
module pool_lane #(
  parameter BITS = 4,
  parameter SIGNED = 1
) (
  input  wire clock,
  input  wire first,   // Begin anew with this code.
  input  wire in_image,  // The code counts; it is padding otherwise.
  input  wire [BITS-1:0] code,
  output reg  [BITS-1:0] largest  // A rank; with this code from the next cycle on.
);
  wire [BITS-1:0] rank;
  code_to_rank #(.BITS(BITS), .SIGNED(SIGNED)) to_rank (.code(code), .rank(rank));
  wire [BITS-1:0] so_far = first ? {BITS{1'b0}} : largest;
  wire [BITS-1:0] now = in_image ? rank : {BITS{1'b0}};
  always @(posedge clock) largest <= now > so_far ? now : so_far;
endmodule
