// The sum of two unsigned numbers of a few bits, in gates.
module add_small #(
  parameter BITS_A = 2,
  parameter BITS_B = 2,
  parameter BITS = BITS_A > BITS_B ? BITS_A : BITS_B
) (
  input  wire [BITS_A-1:0] a,
  input  wire [BITS_B-1:0] b,
  output reg  [BITS:0] sum
);
  wire [BITS-1:0] wide_a, wide_b;
  generate
    if (BITS > BITS_A) begin : widen_a
      assign wide_a = {{(BITS - BITS_A) {1'b0}}, a};
    end else begin : keep_a
      assign wide_a = a;
    end
    if (BITS > BITS_B) begin : widen_b
      assign wide_b = {{(BITS - BITS_B) {1'b0}}, b};
    end else begin : keep_b
      assign wide_b = b;
    end
  endgenerate

  integer i;
  reg carry;
  always @* begin
    carry = 1'b0;
    for (i = 0; i < BITS; i = i + 1) begin
      sum[i] = wide_a[i] ^ wide_b[i] ^ carry;
      carry = (wide_a[i] & wide_b[i]) | (carry & (wide_a[i] ^ wide_b[i]));
    end
    sum[BITS] = carry;
  end
endmodule
