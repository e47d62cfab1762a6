// The input as it was CYCLES cycles ago. Not reset.
module delay #(
  parameter WIDTH = 1,
  parameter CYCLES = 1
) (
  // verilator lint_off UNUSED
  input  wire clock,  // CYCLES may be 0.
  // verilator lint_on UNUSED
  input  wire [WIDTH-1:0] in,
  output wire [WIDTH-1:0] out
);
  genvar i;
  generate
    for (i = 0; i <= CYCLES; i = i + 1) begin : stage
      wire [WIDTH-1:0] value;
      if (i == 0) begin : now
        assign value = in;
      end else begin : later
        reg [WIDTH-1:0] held;
        always @(posedge clock) held <= stage[i-1].value;
        assign value = held;
      end
    end
  endgenerate
  assign out = stage[CYCLES].value;
endmodule
