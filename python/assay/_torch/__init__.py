"""PyTorch modules as networks, by torch.export. Nothing here needs torch until a module is read.

`exporting` makes torch write a module down as a list of operators; `walking` goes through the list, with the tables of `elements`,
`layers`, `axes` and `products`, which say what each operator is in ONNX's terms; `program` collects that for the compiled part, which
reads it as it reads ONNX files. `interpreting` is the way back: a module that computes what a graph says.
"""
