// A code's place among all numbers of its coding, from the least. Without a sign it is the code; with one, the greatest magnitude below
// zero has rank 0 and zero, -0 too, the rank 2^(BITS-1) - 1. Combinational.
module code_to_rank #(
  parameter BITS = 4,
  parameter SIGNED = 1
) (
  input  wire [BITS-1:0] code,
  output wire [BITS-1:0] rank
);
  generate
    if (SIGNED != 0) begin : signed_code
      // In order, with -0 and 0 as neighbours; then without the gap.
      wire [BITS-1:0] ordered = code[BITS-1] ? {1'b0, ~code[BITS-2:0]} : {1'b1, code[BITS-2:0]};
      assign rank = ordered - {{(BITS - 1) {1'b0}}, ordered[BITS-1]};
    end else begin : unsigned_code
      assign rank = code;
    end
  endgenerate
endmodule
