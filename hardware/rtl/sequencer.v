// Runs layers one after the other: a cycle to take up the descriptor, the slots of the pixels (steps, a read of the skip tensor, and waiting
// where a search takes longer), and DRAIN cycles until the last result is in the memory.
module sequencer #(
  parameter LAYER_BITS = 6,
  parameter RANK_BITS = 4,
  parameter DRAIN = 12
) (
  input  wire clock,
  input  wire reset,
  input  wire start,
  input  wire [LAYER_BITS:0] layers,  // At least 1.
  output wire busy,
  // Descriptors: which one to read.
  output wire read_descriptor,
  output wire [LAYER_BITS-1:0] layer,
  output wire begin_layer,  // It is there.
  // The layer's kind.
  input  wire searches,     // Its sums become codes.
  input  wire skips,
  // The walk.
  input  wire last_step,
  input  wire layer_end,
  output wire step,
  output wire pixel_first,  // The step is the pixel's first.
  output wire read_skip,
  output wire pixel_end
);
  localparam DRAIN_BITS = $clog2(DRAIN + 1);
  localparam PACE_BITS = $clog2(RANK_BITS + 1);
  localparam [2:0] IDLE = 0, LOAD = 1, STEP = 2, SKIP = 3, WAIT = 4, DRAINING = 5;

  reg [2:0] state;
  reg first;
  reg [PACE_BITS-1:0] pace;  // Cycles that a search of the pixel before still takes, this one not counted.
  reg [DRAIN_BITS-1:0] drain;
  reg [LAYER_BITS:0] layers_left;
  reg [LAYER_BITS-1:0] next_layer;

  wire drained = state == DRAINING && drain == {{(DRAIN_BITS - 1) {1'b0}}, 1'b1};
  wire last_slot = state == STEP ? last_step && !skips : state == SKIP || state == WAIT;
  assign busy = state != IDLE;
  assign begin_layer = state == LOAD;
  assign read_descriptor = state == IDLE || drained;
  assign layer = state == IDLE ? {LAYER_BITS{1'b0}} : next_layer;
  assign step = state == STEP;
  assign pixel_first = first;
  assign read_skip = state == SKIP;
  assign pixel_end = last_slot && (!searches || pace == {PACE_BITS{1'b0}});

  always @(posedge clock) begin
    case (state)
      IDLE: if (start) state <= LOAD;
      LOAD: state <= STEP;
      DRAINING: if (drained) state <= layers_left == {{LAYER_BITS{1'b0}}, 1'b1} ? IDLE : LOAD;
      default: begin
        if (pixel_end) state <= layer_end ? DRAINING : STEP;
        else if (last_slot) state <= WAIT;
        else if (step && last_step) state <= SKIP;
      end
    endcase
    first <= begin_layer || pixel_end;
    if (begin_layer || pixel_end) pace <= RANK_BITS[PACE_BITS-1:0];
    else if (pace != {PACE_BITS{1'b0}}) pace <= pace - {{(PACE_BITS - 1) {1'b0}}, 1'b1};
    drain <= state == DRAINING ? drain - {{(DRAIN_BITS - 1) {1'b0}}, 1'b1} : DRAIN[DRAIN_BITS-1:0];
    if (state == IDLE) begin
      layers_left <= layers;
      next_layer <= {{(LAYER_BITS - 1) {1'b0}}, 1'b1};
    end else if (drained) begin
      layers_left <= layers_left - {{LAYER_BITS{1'b0}}, 1'b1};
      next_layer <= next_layer + {{(LAYER_BITS - 1) {1'b0}}, 1'b1};
    end
    if (reset) state <= IDLE;
  end
endmodule
