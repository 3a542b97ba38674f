// The one translation unit that holds the JSON library, so that nothing else needs to be installed or linked.
#include <boost/json/src.hpp>
