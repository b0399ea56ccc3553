namespace Gatehouse.Hub.Configurations;

/// <summary>Whose desired properties a configuration sets.</summary>
public enum ContentKind
{
    /// <summary><c>deviceContent</c>: of device twins.</summary>
    Device,

    /// <summary><c>moduleContent</c>: of module twins.</summary>
    Module,

    /// <summary><c>modulesContent</c>: of the modules of an Edge device.</summary>
    Edge,
}
