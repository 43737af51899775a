    /// A network with burn's initial values.
    ///
    /// # Panics
    /// Never: there is nothing to be read.
    pub fn new(device: &B::Device) -> Self {
        Self::with_layers(&mut Layers { device, read: None }).expect("layers without given values can always be made")
    }

    /// A network with given values, as those of a safetensors file written by assay.
    ///
    /// # Errors
    /// The path of a parameter for which `read` gives nothing, or not as many values as its shape has.
    pub fn with_values(device: &B::Device, read: &mut Read<'_>) -> Result<Self, String> {
        Self::with_layers(&mut Layers { device, read: Some(read) })
    }

