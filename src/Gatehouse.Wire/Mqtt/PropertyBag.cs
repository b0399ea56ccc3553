namespace Gatehouse.Wire.Mqtt;

/// <summary>Walks <c>k=v&amp;k2&amp;k3=</c>, still percent-encoded; empty segments are passed over.</summary>
/// <remarks>Source: IoT Hub "Communicate with your IoT hub using MQTT" page: <c>k</c> alone is null, <c>k=</c> is empty.</remarks>
public ref struct PropertyBag(ReadOnlySpan<byte> bag)
{
    private ReadOnlySpan<byte> rest = bag;

    public ReadOnlySpan<byte> Key { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>False when the key stands alone.</summary>
    public bool HasValue { get; private set; }

    /// <summary>Moves to the next property; false at the end.</summary>
    public bool Read()
    {
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'&');
            var segment = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (segment.IsEmpty)
            {
                continue;
            }

            var equals = segment.IndexOf((byte)'=');
            HasValue = equals >= 0;
            Key = HasValue ? segment[..equals] : segment;
            Value = HasValue ? segment[(equals + 1)..] : default;
            return true;
        }

        return false;
    }
}
