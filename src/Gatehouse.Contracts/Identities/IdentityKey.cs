using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Contracts.Identities;

/// <summary>One device or one of its modules; each is an identity with its own credentials and its own live connection.</summary>
/// <remarks>Text form <c>device</c> or <c>device/module</c>, as in the MQTT client id and in the CN of a module's certificate.</remarks>
public readonly record struct IdentityKey(DeviceId Device, ModuleId? Module = null)
{
    public bool IsModule => Module is not null;

    public static bool TryParse([NotNullWhen(true)] string? text, out IdentityKey key)
    {
        key = default;
        if (text is null)
        {
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            var valid = DeviceId.TryParse(text, out var device);
            key = new IdentityKey(device);
            return valid;
        }

        if (!DeviceId.TryParse(text[..slash], out var parent) || !ModuleId.TryParse(text[(slash + 1)..], out var module))
        {
            return false;
        }

        key = new IdentityKey(parent, module);
        return true;
    }

    public override string ToString() => Module is { } module ? $"{Device.Value}/{module.Value}" : Device.Value;
}
