namespace Gatehouse.Hub.Registry;

/// <summary>Which keys of an identity are made anew.</summary>
public enum RegeneratedKey
{
    Primary,

    Secondary,

    /// <summary>None: they change places.</summary>
    Swap,
}
