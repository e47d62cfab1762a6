// The accelerator: memories, a sequencer, LANES x LANES multipliers, and a search for codes per row. hardware/README.md has the dataflow and
// the layouts; lowbit::accelerator::Execute says what a program does. Stages of a step, one cycle each:
//   address | word of the memories | codes, padded | product | LEVELS of the tree | accumulate | search, BITS + 1 | write
module lowbit_accelerator #(
  parameter LANES = 8,
  parameter WEIGHT_EXPONENT = 2,
  parameter WEIGHT_FRACTION = 1,
  parameter WEIGHT_SIGNED = 1,
  parameter ACTIVATION_EXPONENT = 3,
  parameter ACTIVATION_FRACTION = 1,
  parameter ACTIVATION_SIGNED = 0,
  parameter SUM_BITS = 24,
  // Addresses of words; of thresholds, at least 2 * ACTIVATION_BITS + 1.
  parameter WEIGHT_ADDRESS_BITS = 10,
  parameter THRESHOLD_ADDRESS_BITS = 10,
  parameter ACTIVATION_ADDRESS_BITS = 11,
  parameter LAYER_BITS = 6,
  parameter WEIGHT_BITS = WEIGHT_EXPONENT + WEIGHT_FRACTION + WEIGHT_SIGNED,
  parameter ACTIVATION_BITS = ACTIVATION_EXPONENT + ACTIVATION_FRACTION + ACTIVATION_SIGNED
) (
  input  wire clock,
  input  wire reset,  // For 16 cycles at least.

  // The host's ports; all but `start` while not busy.
  input  wire weight_write,
  input  wire [WEIGHT_ADDRESS_BITS-1:0] weight_address,
  input  wire [LANES*LANES*WEIGHT_BITS-1:0] weight_data,
  input  wire [LANES-1:0] threshold_write,  // One for each row.
  input  wire [THRESHOLD_ADDRESS_BITS-1:0] threshold_address,
  input  wire [SUM_BITS-1:0] threshold_data,
  input  wire descriptor_write,
  input  wire [LAYER_BITS-1:0] descriptor_layer,
  input  wire [4:0] descriptor_field,
  input  wire [31:0] descriptor_data,
  input  wire activation_write,
  input  wire [ACTIVATION_ADDRESS_BITS-1:0] activation_address,
  input  wire [LANES*ACTIVATION_BITS-1:0] activation_data,
  output wire [LANES*ACTIVATION_BITS-1:0] activation_word,  // Of activation_address, a cycle later.

  input  wire start,
  input  wire [LAYER_BITS:0] layers,  // With start: run descriptors 0 .. layers - 1.
  output wire busy,

  output wire raw_valid,
  output wire [LANES*SUM_BITS-1:0] raw_sums
);
  localparam LEVELS = $clog2(LANES);
  localparam SET_BITS = THRESHOLD_ADDRESS_BITS - ACTIVATION_BITS;
  localparam FIELDS = 26;

  // The layer.
  wire begin_layer, read_descriptor;
  wire [LAYER_BITS-1:0] layer;
  // verilator lint_off UNUSED
  wire [FIELDS*32-1:0] fields;  // Addresses have fewer bits.
  // verilator lint_on UNUSED
  descriptors #(.LAYER_BITS(LAYER_BITS), .FIELDS(FIELDS)) layer_descriptors (
    .clock(clock), .write(descriptor_write), .write_layer(descriptor_layer), .write_field(descriptor_field),
    .write_data(descriptor_data), .read(read_descriptor), .layer(layer), .fields(fields));
  wire pool = fields[0], raw = fields[1], skips = fields[2];

  // The step.
  wire step, pixel_first, read_skip, pixel_end, last_of_row, last_step, line_end, group_end, layer_end, in_image;
  sequencer #(.LAYER_BITS(LAYER_BITS), .RANK_BITS(ACTIVATION_BITS), .DRAIN(ACTIVATION_BITS + LEVELS + 5)) steps (
    .clock(clock), .reset(reset), .start(start), .layers(layers), .busy(busy), .read_descriptor(read_descriptor),
    .layer(layer), .begin_layer(begin_layer), .searches(!pool && !raw), .skips(skips), .last_step(last_step),
    .layer_end(layer_end), .step(step), .pixel_first(pixel_first), .read_skip(read_skip), .pixel_end(pixel_end));
  pixel_walk #(.BITS(16)) walk (
    .clock(clock), .begin_layer(begin_layer), .step(step), .pixel_end(pixel_end), .in_height(fields[1*32+:16]),
    .in_width(fields[2*32+:16]), .out_height(fields[3*32+:16]), .out_width(fields[4*32+:16]),
    .out_groups(fields[5*32+:16]), .kernel_height(fields[6*32+:16]), .kernel_width(fields[7*32+:16]),
    .step_groups(fields[8*32+:16]), .stride_y(fields[9*32+:16]), .stride_x(fields[10*32+:16]),
    .pad_top(fields[11*32+:16]), .pad_left(fields[12*32+:16]), .last_of_row(last_of_row),
    .last_step(last_step), .line_end(line_end), .group_end(group_end), .layer_end(layer_end), .in_image(in_image));
  wire [ACTIVATION_ADDRESS_BITS-1:0] step_address, skip_address;
  wire [WEIGHT_ADDRESS_BITS-1:0] step_weight;
  read_address #(.ACTIVATION_ADDRESS_BITS(ACTIVATION_ADDRESS_BITS), .WEIGHT_ADDRESS_BITS(WEIGHT_ADDRESS_BITS)) addresses (
    .clock(clock), .begin_layer(begin_layer), .step(step), .pixel_end(pixel_end), .last_of_row(last_of_row),
    .line_end(line_end), .group_end(group_end), .pool(pool), .start(fields[13*32+:ACTIVATION_ADDRESS_BITS]),
    .step_pitch(fields[14*32+:ACTIVATION_ADDRESS_BITS]), .kernel_row_pitch(fields[15*32+:ACTIVATION_ADDRESS_BITS]),
    .column_pitch(fields[16*32+:ACTIVATION_ADDRESS_BITS]), .row_pitch(fields[17*32+:ACTIVATION_ADDRESS_BITS]),
    .skip_start(fields[21*32+:ACTIVATION_ADDRESS_BITS]), .skip_row_pitch(fields[22*32+:ACTIVATION_ADDRESS_BITS]),
    .skip_column_pitch(fields[23*32+:ACTIVATION_ADDRESS_BITS]), .weight_base(fields[18*32+:WEIGHT_ADDRESS_BITS]),
    .activation(step_address), .skip(skip_address), .weight(step_weight));

  // Whether the skip tensor has the group: its number in there, modulo 2^17.
  reg [16:0] skip_index;
  always @(posedge clock) begin
    if (begin_layer) skip_index <= -{1'b0, fields[24*32+:16]};
    else if (pixel_end && group_end) skip_index <= skip_index + 17'd1;
  end
  wire skip_inside = skip_index < {1'b0, fields[25*32+:16]};

  // Memories.
  wire result_write;
  wire [ACTIVATION_ADDRESS_BITS-1:0] result_address;
  wire [LANES*ACTIVATION_BITS-1:0] result_word;
  memory #(.WIDTH(LANES * ACTIVATION_BITS), .ADDRESS_BITS(ACTIVATION_ADDRESS_BITS)) activations (
    .clock(clock), .write(busy ? result_write : activation_write),
    .write_address(busy ? result_address : activation_address), .write_data(busy ? result_word : activation_data),
    .read(1'b1), .read_address(!busy ? activation_address : read_skip ? skip_address : step_address),
    .read_data(activation_word));
  wire [LANES*LANES*WEIGHT_BITS-1:0] weight_word;
  memory #(.WIDTH(LANES * LANES * WEIGHT_BITS), .ADDRESS_BITS(WEIGHT_ADDRESS_BITS)) weights (
    .clock(clock), .write(weight_write), .write_address(weight_address), .write_data(weight_data), .read(1'b1),
    .read_address(step_weight), .read_data(weight_word));

  // Flags that go with the words: {add, first, last step of the pixel, last pixel of the group}.
  wire [3:0] flags_now = {step, pixel_first, step && last_step, group_end};
  wire [3:0] flags_codes, flags_add;
  wire add_codes, first_codes, last_codes, group_last_codes, add, first, last, group_last;
  delay #(.WIDTH(4), .CYCLES(2)) to_codes (.clock(clock), .in(flags_now), .out(flags_codes));
  delay #(.WIDTH(4), .CYCLES(LEVELS + 1)) to_add (.clock(clock), .in(flags_codes), .out(flags_add));
  assign {add_codes, first_codes, last_codes, group_last_codes} = flags_codes;
  assign {add, first, last, group_last} = flags_add;

  // Codes. Outside the image, and where the skip tensor has nothing, they are 0.
  reg inside_word, inside_codes;
  reg [LANES*ACTIVATION_BITS-1:0] codes;
  reg [LANES*LANES*WEIGHT_BITS-1:0] weight_codes;
  always @(posedge clock) begin
    inside_word <= read_skip ? skip_inside : in_image;
    inside_codes <= inside_word;
    codes <= inside_word ? activation_word : {LANES * ACTIVATION_BITS{1'b0}};
    weight_codes <= weight_word;
  end

  wire [LANES*SUM_BITS-1:0] sums;
  product_array #(.LANES(LANES), .WEIGHT_EXPONENT(WEIGHT_EXPONENT), .WEIGHT_FRACTION(WEIGHT_FRACTION),
                  .WEIGHT_SIGNED(WEIGHT_SIGNED), .ACTIVATION_EXPONENT(ACTIVATION_EXPONENT),
                  .ACTIVATION_FRACTION(ACTIVATION_FRACTION), .ACTIVATION_SIGNED(ACTIVATION_SIGNED),
                  .SUM_BITS(SUM_BITS)) products (
    .clock(clock), .weights(weight_codes), .activations(codes), .add(add), .first(first), .sums(sums));

  // What becomes of sums.
  wire pool_done, search_load, pool_group_last, summed, summed_group_last;
  delay #(.WIDTH(2), .CYCLES(1)) to_summed (
    .clock(clock), .in({add && last && !pool, group_last}), .out({summed, summed_group_last}));
  assign raw_valid = summed && raw;
  assign raw_sums = sums;
  assign search_load = summed && !raw;
  delay #(.WIDTH(2), .CYCLES(1)) to_pooled (
    .clock(clock), .in({add_codes && last_codes && pool, group_last_codes}), .out({pool_done, pool_group_last}));

  wire [ACTIVATION_BITS-1:0] trial;
  wire found, found_group_last;
  wire [SET_BITS-1:0] set;
  search_control #(.BITS(ACTIVATION_BITS), .SET_BITS(SET_BITS)) search (
    .clock(clock), .reset(reset), .load(search_load), .group_last(summed_group_last), .trial(trial), .found(found),
    .found_group_last(found_group_last), .begin_layer(begin_layer), .first_set(fields[19*32+:SET_BITS]),
    .skip(skips), .set(set));

  // The codes of the skip tensor follow those of the last step, and are looked at before the sum.
  wire [LANES*ACTIVATION_BITS-1:0] skip_codes;
  delay #(.WIDTH(LANES * ACTIVATION_BITS), .CYCLES(LEVELS)) to_skip (.clock(clock), .in(codes), .out(skip_codes));
  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : lane
      wire [ACTIVATION_BITS-1:0] rank, largest;
      row_search #(.SUM_BITS(SUM_BITS), .BITS(ACTIVATION_BITS), .SIGNED(ACTIVATION_SIGNED),
                   .ADDRESS_BITS(THRESHOLD_ADDRESS_BITS)) row (
        .clock(clock), .load(search_load), .trial(trial), .sum(sums[i*SUM_BITS+:SUM_BITS]), .base(set), .skip(skips),
        .skip_code(skip_codes[i*ACTIVATION_BITS+:ACTIVATION_BITS]), .rank(rank), .write(threshold_write[i]),
        .write_address(threshold_address), .write_data(threshold_data));
      pool_lane #(.BITS(ACTIVATION_BITS), .SIGNED(ACTIVATION_SIGNED)) max (
        .clock(clock), .first(first_codes), .in_image(inside_codes),
        .code(codes[i*ACTIVATION_BITS+:ACTIVATION_BITS]), .largest(largest));
      rank_to_code #(.BITS(ACTIVATION_BITS), .SIGNED(ACTIVATION_SIGNED)) to_code (
        .rank(pool_done ? largest : rank), .code(result_word[i*ACTIVATION_BITS+:ACTIVATION_BITS]));
    end
  endgenerate

  assign result_write = pool_done || found;
  output_address #(.ADDRESS_BITS(ACTIVATION_ADDRESS_BITS)) outputs (
    .clock(clock), .begin_layer(begin_layer), .base(fields[20*32+:ACTIVATION_ADDRESS_BITS]),
    .groups(fields[5*32+:ACTIVATION_ADDRESS_BITS]),
    .next(result_write), .group_last(pool_done ? pool_group_last : found_group_last), .address(result_address));
endmodule
