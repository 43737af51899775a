
    def load_weights(self, path):
        """Loads a safetensors file with a tensor for each parameter, and with running statistics if it has them."""
        given = read_safetensors(path)
        own = self.state_dict()
        statistics = {name for name in own if name.endswith((".running_mean", ".running_var"))}
        if not any(name.endswith(".running_mean") for name in given):
            # A network that was not trained: what is there stays as it is at the beginning of training.
            given.update({name: own[name] for name in statistics})
        elif not self.running_statistics:
            given = {name: tensor for name, tensor in given.items() if not name.endswith((".running_mean", ".running_var"))}
        given.update({name: own[name] for name in own if name.endswith(".num_batches_tracked")})
        self.load_state_dict(given)
        return self


def read_safetensors(path):
    """The tensors of a file by name: its header's length, the header in JSON, then the values."""
    types = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        values = file.read()
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            flat = torch.frombuffer(bytearray(values[begin:end]), dtype=types[about["dtype"]])
            tensors[name] = flat.reshape(about["shape"])
    return tensors


if __name__ == "__main__":
    import sys

    network = Network()
    if len(sys.argv) > 1:
        network.load_weights(sys.argv[1])
    print(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters")
