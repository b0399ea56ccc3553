using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.X509;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>What a device sends when it wants its certificate renewed: <c>{"id","csr","replace"?}</c> and no other member.</summary>
/// <param name="Request">PKCS #10, DER; it can be read, no more is known.</param>
/// <param name="Replace">The request under way that this one takes the place of, or <c>*</c> for whichever; null for none.</param>
/// <remarks>Source: tpm-hsm-pki-edge §4.9 of the wire reference.</remarks>
internal sealed record CertificateOrder(byte[] Request, string? Replace)
{
    private const int MaxBodyBytes = 16 * 1024;

    /// <summary>IotHubFormatError for what is no JSON, else ArgumentInvalid.</summary>
    internal static Result<CertificateOrder> Read(in ReadOnlySequence<byte> body, IdentityKey identity)
    {
        if (body.IsEmpty || body.Length > MaxBodyBytes)
        {
            return Invalid(body.IsEmpty ? "The body is empty." : $"The body is larger than {MaxBodyBytes} bytes.");
        }

        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object ? Read(json.RootElement, identity) : Invalid("The body is not an object.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Text that is not Unicode shows only when it is read.
            return HubErrors.IotHubFormatError.With("The body is not JSON, or a name occurs twice in it.");
        }
    }

    private static Result<CertificateOrder> Read(JsonElement body, IdentityKey identity)
    {
        var (id, csr, replace) = ((string?)null, (string?)null, (string?)null);
        foreach (var member in body.EnumerateObject())
        {
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
            if (text is null)
            {
                return Invalid("Every member is a text.");
            }

            switch (member.Name)
            {
                case "id":
                    id = text;
                    break;
                case "csr":
                    csr = text;
                    break;
                case "replace":
                    replace = text;
                    break;
                default:
                    return Invalid("There is a member other than id, csr and replace.");
            }
        }

        return identity.Module is not null || id != identity.Device.Value ? Invalid("The id is not that of the device.")
            : string.IsNullOrEmpty(csr) ? Invalid("The csr is missing.")
            : replace is not null && !IsRequestId(replace) ? Invalid("The replace is neither * nor 4 to 36 letters, digits and hyphens, with none of these at an end.")
            : !CertificateSigningRequest.TryReadBase64(csr, out var read, out var fault) ? Invalid($"The csr cannot be used: {fault}.")
            : new CertificateOrder(read.Raw.ToArray(), replace);
    }

    private static bool IsRequestId(string text) =>
        text == "*" || (text.Length is >= 4 and <= 36 && text.All(character => char.IsAsciiLetterOrDigit(character) || character == '-') && text[0] != '-' && text[^1] != '-');

    private static HubError Invalid(string message) => HubErrors.ArgumentInvalid.With(message);
}
