// The parts of a code of elastic significant bits, [sign | exponent E | fraction f]: the number is
// (-1)^negative * significand * 2^shift in units of 2^-FRACTION. E = 0 stands for the significand f and no shift, another E for
// 2^FRACTION + f and a shift of E - 1. Combinational.
module esb_decode #(
  parameter EXPONENT = 2,  // Bits, at least 1.
  parameter FRACTION = 1,  // Bits, at least 0.
  parameter SIGNED = 1
) (
  input  wire [EXPONENT+FRACTION+SIGNED-1:0] code,
  output wire negative,
  output wire [FRACTION:0] significand,
  output wire [EXPONENT-1:0] shift
);
  wire [EXPONENT-1:0] exponent = code[EXPONENT+FRACTION-1:FRACTION];
  wire normal = |exponent;

  // E - 1 in gates: a carry chain of so few bits costs more than it saves.
  assign shift[0] = normal & ~exponent[0];
  genvar i;
  generate
    for (i = 1; i < EXPONENT; i = i + 1) begin : bits
      assign shift[i] = normal & (exponent[i] ^ ~|exponent[i-1:0]);
    end
    if (FRACTION > 0) begin : with_fraction
      assign significand = {normal, code[FRACTION-1:0]};
    end else begin : without_fraction
      assign significand = normal;
    end
    if (SIGNED != 0) begin : with_sign
      assign negative = code[EXPONENT+FRACTION];
    end else begin : without_sign
      assign negative = 1'b0;
    end
  endgenerate
endmodule
