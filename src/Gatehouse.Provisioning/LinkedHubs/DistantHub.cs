using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Sinks.Hubs;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>A linked hub on another server, a Gatehouse or an IoT hub on Azure, by its service API: what <see cref="IDeviceRegistrar"/> does, in steps that may be repeated.</summary>
/// <remarks>
/// Source: service-plane §3 and §5 of the wire reference. Identity and twin are two calls there: who registers for the first time and finds a device whose twin nobody has written finishes
/// what was cut short. LinkedHubUnavailable when it may work later, LinkedHubRefused when it will not.
/// </remarks>
internal sealed class DistantHub(HubCaller caller, HubTarget target)
{
    private const int MaxIdentityBytes = 64 * 1024;
    private const int MaxTwinBytes = 4 * 1024 * 1024;
    private const int MaxRounds = 3;
    private const int KeyBytes = 32;

    /// <summary>Whether nothing answered at all: not one device's call, but the hub.</summary>
    internal bool IsSilent { get; private set; }

    /// <summary>Creates the device or gives it the credentials, then writes its twin.</summary>
    /// <param name="device">What it shall be.</param>
    /// <param name="isFirst">Whether no record says that it has been here: its first twin may still be missing.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    internal async Task<Result<bool>> RegisterAsync(ProvisionedDevice device, bool isFirst, CancellationToken cancellationToken)
    {
        var put = await ChangeAsync(device.Id, creates: true, (document, isNew) => Change(document, device, isNew), cancellationToken);
        if (!put.IsOk)
        {
            return put.Error;
        }

        var isNew = put.Value;
        if (device.ResetsTwin && !isNew)
        {
            return await WriteTwinAsync(device, HttpMethod.Put, cancellationToken);
        }

        if (device.Twin.IsEmpty)
        {
            return true;
        }

        if (!isNew)
        {
            var untouched = isFirst ? await IsUntouchedAsync(device.Id, cancellationToken) : false;
            return !untouched.IsOk ? untouched.Error : untouched.Value ? await WriteTwinAsync(device, HttpMethod.Patch, cancellationToken) : true;
        }

        var written = await WriteTwinAsync(device, HttpMethod.Patch, cancellationToken);
        if (written.Error is { IsTransient: false })
        {
            // It will be refused the next time, too: no device stays behind that nobody was told of.
            await DeleteAsync(device.Id, "*", cancellationToken);
        }

        return written;
    }

    /// <summary>Tags and desired properties; null when there is no such device.</summary>
    internal async Task<Result<ReadOnlyMemory<byte>?>> ReadTwinAsync(DeviceId device, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, Twin(device), null, null, MaxTwinBytes, cancellationToken);
        if (IsGone(answer))
        {
            return (ReadOnlyMemory<byte>?)null;
        }

        var read = Read(answer);
        return read.IsOk ? Result<ReadOnlyMemory<byte>?>.Of(Whole(TagsOf(read.Value), DesiredOf(read.Value))) : read.Error;
    }

    /// <summary>Disables the device and takes its keys; done when there is none. One that is disabled keeps its reason.</summary>
    internal async Task<Result<bool>> QuarantineAsync(DeviceId device, string reason, CancellationToken cancellationToken)
    {
        var done = await UnequipAsync(device, (document, keys) => Quarantine(document, reason, keys), cancellationToken);
        return done.IsOk ? true : done.Error;
    }

    /// <summary>Changes the twin; done when there is no such device.</summary>
    internal async Task<Result<bool>> PatchTwinAsync(DeviceId device, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Patch, Twin(device), patch.ToArray(), "*", MaxTwinBytes, cancellationToken);
        return IsGone(answer) ? true : Done(answer);
    }

    /// <summary>Removes the device; done when there is none.</summary>
    internal async Task<Result<bool>> RemoveAsync(DeviceId device, CancellationToken cancellationToken)
    {
        var gone = await DeleteAsync(device, "*", cancellationToken);
        return IsGone(gone) ? true : Done(gone);
    }

    /// <summary>Has the hub refuse a certificate: by its revocation list, or where there is none for us (an IoT hub on Azure, a policy that is not an owner's), by taking it from the device.</summary>
    /// <param name="certificate">Which.</param>
    /// <param name="device">Who may be known by it; null when that cannot be said.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    internal async Task<Result<bool>> RevokeAsync(WithdrawnCertificate certificate, DeviceId? device, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["kind"] = "certificate", ["thumbprint"] = certificate.Thumbprint, ["reason"] = certificate.Reason, ["note"] = certificate.Note };
        var listed = Done(await SendAsync(HttpMethod.Post, "/gatehouse/v1/revocations", Encoding.UTF8.GetBytes(body.ToJsonString()), null, MaxIdentityBytes, cancellationToken));
        if (listed is { IsOk: true } or { Error.IsTransient: true } || device is not { } known)
        {
            return listed;
        }

        var taken = await UnequipAsync(known, (document, keys) => Withdraw(document, certificate.Thumbprint, keys), cancellationToken);
        return taken.IsOk ? true : taken.Error;
    }

    /// <summary>The same, unless it is somebody's again. False when it is, or when that cannot be told now.</summary>
    /// <param name="device">Which.</param>
    /// <param name="isLeft">Asked between the look at the device and its end: who takes it over says so first and writes the device then.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    internal async Task<Result<bool>> RemoveLeftAsync(DeviceId device, Func<Task<bool>> isLeft, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, Identity(device), null, null, MaxIdentityBytes, cancellationToken);
        if (IsGone(answer))
        {
            return true;
        }

        var read = Read(answer);
        if (!read.IsOk)
        {
            return read.Error;
        }

        if (TextOf(read.Value["etag"]) is not { Length: > 0 } etag)
        {
            return Nonsense("its answer has no etag");
        }

        if (!await isLeft())
        {
            return false;
        }

        var gone = await DeleteAsync(device, Quoted(etag), cancellationToken);
        return gone.Status == 412 ? false : IsGone(gone) ? true : Done(gone);
    }

    /// <summary>Takes a device's credentials: gives it keys that nobody knows, or has the hub make some where it takes none of others.</summary>
    private async Task<Result<bool>> UnequipAsync(DeviceId device, Func<JsonObject, JsonObject, bool> change, CancellationToken cancellationToken)
    {
        var done = await ChangeAsync(device, creates: false, (document, _) => change(document, Unusable()), cancellationToken);
        return done.Error is { IsTransient: false } && await ChangeAsync(device, creates: false, (document, _) => change(document, new JsonObject { ["type"] = "sas" }), cancellationToken) is { IsOk: true } made ? made : done;
    }

    /// <summary>True when it was not there before.</summary>
    /// <param name="device">Which.</param>
    /// <param name="creates">Whether one that is not there is made; else nothing is done.</param>
    /// <param name="change">Changes the document; false when nothing is to be written.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    private async Task<Result<bool>> ChangeAsync(DeviceId device, bool creates, Func<JsonObject, bool, bool> change, CancellationToken cancellationToken)
    {
        HubAnswer? answer = null;
        for (var round = 0; round < MaxRounds; round++)
        {
            answer = await SendAsync(HttpMethod.Get, Identity(device), null, null, MaxIdentityBytes, cancellationToken);
            var isNew = IsGone(answer);
            if (isNew && !creates)
            {
                return true;
            }

            var present = isNew ? new JsonObject { ["deviceId"] = device.Value, ["status"] = "enabled" } : Read(answer);
            if (!present.IsOk)
            {
                return present.Error;
            }

            var document = present.Value;
            if (!change(document, isNew))
            {
                return false;
            }

            var ifMatch = isNew ? null : TextOf(document["etag"]) is { Length: > 0 } etag ? Quoted(etag) : "*";
            answer = await SendAsync(HttpMethod.Put, Identity(device), Encoding.UTF8.GetBytes(document.ToJsonString()), ifMatch, MaxIdentityBytes, cancellationToken);

            // Somebody was there in between: look again.
            if (answer.Status is not (409 or 412) && !(answer.Status == 404 && !isNew))
            {
                var put = Done(answer);
                return put.IsOk ? isNew : put.Error;
            }
        }

        return Refused(answer!);
    }

    // The status stays: whom an operator disabled there does not come back by registering again. So does Edge, which an operator may have made it since.
    private static bool Change(JsonObject document, ProvisionedDevice device, bool isNew)
    {
        var isEdge = Flag(document["capabilities"]?["iotEdge"]);
        var present = document["authentication"] as JsonObject;
        var thumbprints = present?["x509Thumbprint"] as JsonObject;
        var secondary = device.KeptThumbprint is { } kept && Holds(thumbprints, kept) ? kept : device.SecondaryThumbprint;
        var same = device.PrimaryKey is not null
            ? Same(present, "sas", "symmetricKey", ("primaryKey", device.PrimaryKey), ("secondaryKey", device.SecondaryKey))
            : Same(present, "selfSigned", "x509Thumbprint", ("primaryThumbprint", device.PrimaryThumbprint), ("secondaryThumbprint", secondary));
        var returns = device.EndsQuarantineOf is { } service && TextOf(document["status"]) == "disabled" && QuarantineReason.Is(TextOf(document["statusReason"]), service);
        if (!isNew && same && !returns && (isEdge || !device.IsEdge))
        {
            return false;
        }

        if (returns)
        {
            document["status"] = "enabled";
            document.Remove("statusReason");
        }

        document["authentication"] = device.PrimaryKey is not null
            ? new JsonObject { ["type"] = "sas", ["symmetricKey"] = new JsonObject { ["primaryKey"] = device.PrimaryKey, ["secondaryKey"] = device.SecondaryKey } }
            : new JsonObject { ["type"] = "selfSigned", ["x509Thumbprint"] = new JsonObject { ["primaryThumbprint"] = device.PrimaryThumbprint, ["secondaryThumbprint"] = secondary } };
        document["capabilities"] = new JsonObject { ["iotEdge"] = isEdge || device.IsEdge };
        return true;
    }

    private static bool Holds(JsonObject? thumbprints, string wanted) =>
        wanted.Equals(TextOf(thumbprints?["primaryThumbprint"]), StringComparison.OrdinalIgnoreCase) || wanted.Equals(TextOf(thumbprints?["secondaryThumbprint"]), StringComparison.OrdinalIgnoreCase);

    private static bool Quarantine(JsonObject document, string reason, JsonObject keys)
    {
        if (TextOf(document["status"]) != "disabled")
        {
            (document["status"], document["statusReason"]) = ("disabled", reason);
        }

        document["authentication"] = keys;
        return true;
    }

    // The other one stays. Who has no other gets keys that nobody knows, as a device cannot be without a credential.
    private static bool Withdraw(JsonObject document, string thumbprint, JsonObject keys)
    {
        var thumbprints = (document["authentication"] as JsonObject)?["x509Thumbprint"] as JsonObject;
        if (!Holds(thumbprints, thumbprint))
        {
            return false;
        }

        string?[] both = [TextOf(thumbprints?["primaryThumbprint"]), TextOf(thumbprints?["secondaryThumbprint"])];
        document["authentication"] = both.FirstOrDefault(each => each is { Length: > 0 } && !each.Equals(thumbprint, StringComparison.OrdinalIgnoreCase)) is { } other
            ? new JsonObject { ["type"] = "selfSigned", ["x509Thumbprint"] = new JsonObject { ["primaryThumbprint"] = other, ["secondaryThumbprint"] = null } }
            : keys;
        return true;
    }

    private static JsonObject Unusable() => new() { ["type"] = "sas", ["symmetricKey"] = new JsonObject { ["primaryKey"] = NewKey(), ["secondaryKey"] = NewKey() } };

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    private static bool Same(JsonObject? present, string type, string block, params ReadOnlySpan<(string Name, string? Value)> wanted)
    {
        var same = TextOf(present?["type"]) == type;
        foreach (var (name, value) in wanted)
        {
            same &= string.Equals(TextOf((present?[block] as JsonObject)?[name]) ?? "", value ?? "", StringComparison.Ordinal);
        }

        return same;
    }

    private async Task<Result<bool>> WriteTwinAsync(ProvisionedDevice device, HttpMethod method, CancellationToken cancellationToken)
    {
        var given = device.Twin.IsEmpty ? [] : (JsonObject)JsonNode.Parse(device.Twin.Span)!;
        var body = Whole(TagsOf(given), DesiredOf(given));
        return Done(await SendAsync(method, Twin(device.Id), body, "*", MaxTwinBytes, cancellationToken));
    }

    private async Task<Result<bool>> IsUntouchedAsync(DeviceId device, CancellationToken cancellationToken)
    {
        var read = Read(await SendAsync(HttpMethod.Get, Twin(device), null, null, MaxTwinBytes, cancellationToken));
        return !read.IsOk ? read.Error
            : TagsOf(read.Value).Count == 0 && DesiredOf(read.Value).Count == 0 && (read.Value["properties"]?["desired"]?["$version"] as JsonValue)?.TryGetValue(out long version) == true && version == 1;
    }

    private static byte[] Whole(JsonObject tags, JsonObject desired) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["tags"] = tags, ["properties"] = new JsonObject { ["desired"] = desired } }.ToJsonString());

    private static JsonObject TagsOf(JsonObject twin) => twin["tags"]?.DeepClone() as JsonObject ?? [];

    private static JsonObject DesiredOf(JsonObject twin)
    {
        var desired = (twin["properties"] as JsonObject)?["desired"]?.DeepClone() as JsonObject ?? [];
        desired.Remove("$metadata");
        desired.Remove("$version");
        return desired;
    }

    private Task<HubAnswer> DeleteAsync(DeviceId device, string ifMatch, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, Identity(device), null, ifMatch, MaxIdentityBytes, cancellationToken);

    private async Task<HubAnswer> SendAsync(HttpMethod method, string path, byte[]? body, string? ifMatch, int maxBytes, CancellationToken cancellationToken)
    {
        var answer = await caller.SendAsync(target, method, path, body, ifMatch, maxBytes, cancellationToken);
        IsSilent |= answer.IsSilent;
        return answer;
    }

    private static Result<JsonObject> Read(HubAnswer answer)
    {
        if (Done(answer).Error is { } failed)
        {
            return failed;
        }

        try
        {
            return JsonNode.Parse(answer.Body.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false }) is JsonObject document ? document : Nonsense("its answer is no JSON object");
        }
        catch (JsonException)
        {
            return Nonsense("its answer is no JSON");
        }
    }

    private static Result<bool> Done(HubAnswer answer) => answer.Status is >= 200 and < 300 ? true : Refused(answer);

    // By name: what is no hub answers 404, too, and nothing may be taken for gone because of that.
    private static bool IsGone(HubAnswer answer) => answer.Status == 404 && answer.Error == HubErrors.DeviceNotFound.Name;

    private static HubError Refused(HubAnswer answer) =>
        answer.IsSilent ? ProvisioningErrors.LinkedHubUnavailable.With(answer.Fault)
        : answer.Fault.Length > 0 ? ProvisioningErrors.LinkedHubRefused.With(answer.Fault)
        : answer.Status is 408 or 429 or >= 500 ? ProvisioningErrors.LinkedHubUnavailable.With($"it answered {Words(answer)}")
        : ProvisioningErrors.LinkedHubRefused.With(answer.Status is 401 or 403 && answer.Error is "" or "Unauthorized" or "IotHubUnauthorizedAccess"
            ? $"it does not accept the connection string ({Words(answer)})"
            : $"it answered {Words(answer)}");

    private static HubError Nonsense(string what) => ProvisioningErrors.LinkedHubRefused.With(what);

    private static string Words(HubAnswer answer) => answer.Error.Length == 0 ? $"{answer.Status}" : $"{answer.Status} {answer.Error}";

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static bool Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool flag) && flag;

    private static string Quoted(string etag) => $"\"{etag.Trim('"')}\"";

    private static string Identity(DeviceId device) => $"/devices/{Uri.EscapeDataString(device.Value)}";

    private static string Twin(DeviceId device) => $"/twins/{Uri.EscapeDataString(device.Value)}";
}
