/// A `Summary.Value` of TensorBoard: the value of one tag at one step.
struct SummaryValue {
    let tag: String
    /// The plugin that the tag belongs to; many programs write it only with the tag's first value.
    let plugin: String?
    /// The plugin's own data about the value.
    let pluginContent: UnsafeRawBufferPointer?
    let content: Content

    enum Content {
        case none
        case number(Float)
        case image, histogram, audio
        case tensor(UnsafeRawBufferPointer)
    }

    init(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var (tag, content) = ("", Content.none)
        var metadata: UnsafeRawBufferPointer?
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: tag = try value.text()
            case 2: content = .number(try value.float())
            case 3, 5: content = .histogram
            case 4: content = .image
            case 6: content = .audio
            case 8: content = .tensor(try value.message())
            case 9: metadata = try value.message()
            default: break
            }
        }
        (self.tag, self.content) = (tag, content)
        guard let metadata else {
            (plugin, pluginContent) = (nil, nil)
            return
        }
        (plugin, pluginContent) = try Self.plugin(of: metadata)
    }

    private static func plugin(
        of metadata: UnsafeRawBufferPointer
    ) throws(BrokenMessage) -> (name: String?, content: UnsafeRawBufferPointer?) {
        var (name, content): (String?, UnsafeRawBufferPointer?) = (nil, nil)
        var fields = WireFields(metadata)
        while let (number, value) = try fields.next() {
            guard number == 1 else { continue }
            var pluginFields = WireFields(try value.message())
            while let (number, value) = try pluginFields.next() {
                switch number {
                case 1: name = try value.text()
                case 2: content = try value.message()
                default: break
                }
            }
        }
        return (name, content)
    }
}
