using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Twins;

/// <summary>The UTF-8 text of a section: without blanks, strings as short as they can be, numbers as they were written.</summary>
internal static class TwinText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal static byte[] Write(JsonNode content)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            content.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what the store holds: it was checked when it was written.</summary>
    internal static JsonObject Read(string stored) => JsonNode.Parse(stored)!.AsObject();

    /// <summary>The object with <c>$version</c> as its last member.</summary>
    internal static void WriteVersioned(IBufferWriter<byte> target, ReadOnlySpan<byte> json, long version)
    {
        WriteMembers(target, json);
        WriteVersion(target, version);
    }

    /// <summary>The object with <c>$metadata</c> and <c>$version</c> as its last members.</summary>
    internal static void WriteSection(IBufferWriter<byte> target, TwinSection section)
    {
        WriteMembers(target, section.Json.Span);
        target.Write("\"$metadata\":"u8);
        target.Write(section.Metadata.Span);
        target.Write(","u8);
        WriteVersion(target, section.Version);
    }

    // The object without its end, ready for another member.
    private static void WriteMembers(IBufferWriter<byte> target, ReadOnlySpan<byte> json)
    {
        var members = json[..json.LastIndexOf((byte)'}')];
        target.Write(members);
        target.Write(members.Length == 1 ? default : ","u8);
    }

    private static void WriteVersion(IBufferWriter<byte> target, long version)
    {
        target.Write("\"$version\":"u8);
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(version, digits, out var length);
        target.Write(digits[..length]);
        target.Write("}"u8);
    }

    internal static byte[] Versioned(ReadOnlySpan<byte> json, long version)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length + 32);
        WriteVersioned(buffer, json, version);
        return buffer.WrittenSpan.ToArray();
    }

    internal static ReadOnlyMemory<byte> Properties(string desired, long desiredVersion, string reported, long reportedVersion)
    {
        var buffer = new ArrayBufferWriter<byte>(desired.Length + reported.Length + 96);
        buffer.Write("{\"desired\":"u8);
        WriteVersioned(buffer, Encoding.UTF8.GetBytes(desired), desiredVersion);
        buffer.Write(",\"reported\":"u8);
        WriteVersioned(buffer, Encoding.UTF8.GetBytes(reported), reportedVersion);
        buffer.Write("}"u8);
        return buffer.WrittenMemory;
    }
}
