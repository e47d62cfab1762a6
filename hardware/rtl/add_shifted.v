// The product of two unsigned numbers of a few bits, by additions of the second shifted by the places of the bits set in the first.
// Written in gates, which synthesis packs into a table where they have few inputs.
module add_shifted #(
  parameter BITS_A = 2,
  parameter BITS_B = 2
) (
  input  wire [BITS_A-1:0] a,
  input  wire [BITS_B-1:0] b,
  output reg  [BITS_A+BITS_B-1:0] product
);
  integer i, j;
  reg term, carry, next;
  always @* begin
    product = {(BITS_A + BITS_B) {1'b0}};
    for (i = 0; i < BITS_A; i = i + 1) begin
      carry = 1'b0;
      for (j = 0; j < BITS_B; j = j + 1) begin
        term = a[i] & b[j];
        next = (product[i+j] & term) | (carry & (product[i+j] ^ term));
        product[i+j] = product[i+j] ^ term ^ carry;
        carry = next;
      end
      product[i+BITS_B] = carry;
    end
  end
endmodule
