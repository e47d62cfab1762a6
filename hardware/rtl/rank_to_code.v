// The code with a given rank: the other way of code_to_rank. Combinational.
module rank_to_code #(
  parameter BITS = 4,
  parameter SIGNED = 1
) (
  input  wire [BITS-1:0] rank,
  output wire [BITS-1:0] code
);
  generate
    if (SIGNED != 0) begin : signed_code
      wire [BITS-1:0] next = rank + {{(BITS - 1) {1'b0}}, 1'b1};  // From 2^(BITS-1) on: not negative.
      assign code = next[BITS-1] ? {1'b0, next[BITS-2:0]} : {1'b1, ~rank[BITS-2:0]};
    end else begin : unsigned_code
      assign code = rank;
    end
  endgenerate
endmodule
